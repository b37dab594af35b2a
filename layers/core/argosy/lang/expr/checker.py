"""Checking an expression before it runs.

In: the syntax tree and the variables, or None when only what needs no variables is to be checked; out: nothing, or an
EvaluationError for what can never work: an unknown name, `1 < "2"`, a wrong number of arguments, also in parts that
would not be evaluated. Mirrors `checker/checker.go` of expr-lang/expr 1.17.8 and antonmedv/expr 1.15.5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang.expr import kinds, signatures
from argosy.lang.expr.dialect import Dialect
from argosy.lang.expr.kinds import (
    ANY,
    ARRAY,
    BOOL,
    DURATION,
    FLOAT,
    FUNCTION,
    GROUPS,
    INT,
    MAP,
    NIL,
    STRING,
    TIME,
    UNKNOWN,
    Type,
)
from argosy.lang.expr.lexer import failed
from argosy.lang.expr.nodes import (
    Array,
    Binary,
    Builtin,
    Call,
    Chain,
    Conditional,
    Constant,
    Let,
    Map,
    Member,
    Name,
    Node,
    Pointer,
    Predicate,
    Sequence,
    Slice,
    Unary,
)
from argosy.lang.expr.parser import PREDICATES

__all__ = ["check"]

_BOOLEAN = frozenset(("all", "none", "any", "one"))
_NEEDS_BOOL = _BOOLEAN | {"filter", "count", "find", "findLast", "findIndex", "findLastIndex"}
_TEXT_OPERATORS = frozenset(("contains", "startsWith", "endsWith"))


def check(source: str, tree: Node, dialect: Dialect, variables: Mapping[str, object] | None) -> None:
    """Check a tree against variables. Raises EvaluationError."""
    try:
        _Checker(source, dialect, variables).visit(tree)
    except RecursionError:
        raise EvaluationError(f"expression {source[:60]!r}... is nested too deep") from None


class _Checker:
    def __init__(self, source: str, dialect: Dialect, variables: Mapping[str, object] | None) -> None:
        self.source = source
        self.dialect = dialect
        self.variables = variables
        self.names: dict[str, Type] = {}
        self.scopes: list[tuple[Type, dict[str, Type]]] = []
        self.visitors: dict[type[Node], Callable[[Any], Type]] = {
            Array: self.array,
            Binary: self.binaries,
            Builtin: self.builtin,
            Call: self.call,
            Chain: lambda node: self.visit(node.inner),
            Conditional: self.conditional,
            Constant: lambda node: kinds.type_of(node.value),
            Let: self.let,
            Map: self.map,
            Member: self.member,
            Name: self.name,
            Pointer: self.pointer,
            Predicate: lambda node: self.visit(node.body),
            Sequence: lambda node: [self.visit(part) for part in node.parts][-1],
            Slice: self.slice,
            Unary: self.unary,
        }

    def fail(self, node: Node, why: str) -> EvaluationError:
        return failed(self.source, node.at, why)

    def visit(self, node: Node) -> Type:
        return self.visitors[type(node)](node)

    def map(self, node: Map) -> Type:
        for key, value in node.pairs:
            self.visit(key)
            self.visit(value)
        return MAP

    def name(self, node: Name) -> Type:
        name = node.name
        if name in self.names:
            return self.names[name]
        if name == "$env":
            return UNKNOWN
        is_builtin = name in signatures.NAMES or name in PREDICATES
        known = self.variables is not None and name in self.variables
        if known and self.variables is not None and (self.dialect.modern or not is_builtin):
            return kinds.type_of(self.variables[name])
        if is_builtin and name not in self.dialect.absent:
            return FUNCTION
        if self.variables is not None:
            raise self.fail(node, f"there is no variable {name!r}")
        return UNKNOWN

    def unary(self, node: Unary) -> Type:
        operand = self.visit(node.operand)
        if node.operator in ("!", "not"):
            if operand.is_unknown or operand.kind == "bool":
                return BOOL
        elif operand.is_unknown:
            return UNKNOWN
        elif operand.is_number:
            return operand
        raise self.fail(node, f"{node.operator} does not work on a value of type {operand.kind}")

    def binaries(self, node: Binary) -> Type:
        """Check a chain such as a + b + c from the left without going down into it."""
        chain = [node]
        while isinstance(chain[-1].left, Binary):
            chain.append(chain[-1].left)
        left = self.visit(chain[-1].left)
        for part in reversed(chain):
            right = self.visit(part.right)
            result = self.binary(part, left, right)
            if result is None:
                why = f"{part.operator} does not work between values of type {left.kind} and {right.kind}"
                raise self.fail(part, why)
            left = result
        return left

    def binary(self, node: Binary, left: Type, right: Type) -> Type | None:
        """Return the type of the result, None when the operator does not fit."""
        match node.operator:
            case "==" | "!=":
                return BOOL if left.comparable(right) else None
            case "or" | "||" | "and" | "&&":
                return BOOL if _both(left, right, "bool") else None
            case "<" | ">" | ">=" | "<=":
                return BOOL if _ordered(left, right) else None
            case "in":
                return self.contained(node, left, right)
            case "matches":
                return self.matched(left, right)
            case "..":
                return kinds.array_of(INT) if _both(left, right, "int") else None
            case "??":
                return _either(left, right)
        if node.operator in _TEXT_OPERATORS:
            return BOOL if _both(left, right, "string") else None
        return _arithmetic(node.operator, left, right)

    def contained(self, node: Binary, left: Type, right: Type) -> Type | None:
        if right.is_map:
            wanted = STRING if right.kind == "map" else ANY
            if not left.is_unknown and not left.fits(wanted):
                raise self.fail(node, f"a key of a map is a text, not a value of type {left.kind}")
            return BOOL
        if right.is_array:
            if not left.comparable(right.elements):
                raise self.fail(node, f"a list of {right.elements.kind} holds no value of type {left.kind}")
            return BOOL
        if right.is_unknown or (left.is_unknown and right.kind == "string"):
            return BOOL
        return None

    def matched(self, left: Type, right: Type) -> Type | None:
        if left.kind == "bytes" and right.kind == "string":
            return BOOL
        return BOOL if _both(left, right, "string") else None

    def member(self, node: Member) -> Type:
        key = node.key.value if isinstance(node.key, Constant) else None
        if isinstance(node.base, Name) and node.base.name == "$env" and "$env" not in self.names:
            return self.environment(node, key)
        base, given = self.visit(node.base), self.visit(node.key)
        if base.is_unknown:
            return UNKNOWN
        if isinstance(key, str):
            if base.kind == "nil":
                raise self.fail(node, f"nil has no member {key!r}")
            found = kinds.method(base, key)
            if found is not None:
                return found
        if base.kind == "groups" or (base.is_map and (given.is_unknown or given.kind == "string")):
            return base.elements
        if base.is_array and (given.is_unknown or given.kind == "int"):
            return base.elements
        if base.is_map or base.is_array:
            raise self.fail(node, f"a {base.kind} has no element at a {given.kind}")
        raise self.fail(node, f"a value of type {base.kind} has no members such as {key!r}")

    def environment(self, node: Member, key: object) -> Type:
        if not isinstance(key, str) or self.variables is None:
            return UNKNOWN
        if key in self.variables:
            return kinds.type_of(self.variables[key])
        if node.optional:
            return UNKNOWN
        raise self.fail(node, f"there is no variable {key!r}")

    def slice(self, node: Slice) -> Type:
        base = self.visit(node.base)
        if base.is_unknown and self.dialect.modern:
            return UNKNOWN
        if not (base.is_unknown or base.is_array or base.kind in ("string", "bytes")):
            raise self.fail(node, f"a value of type {base.kind} cannot be sliced")
        for bound in (node.first, node.last):
            if bound is not None:
                given = self.visit(bound)
                if not (given.is_unknown or given.kind == "int"):
                    raise self.fail(bound, f"a bound of a slice is an integer, not a {given.kind}")
        return base

    def call(self, node: Call) -> Type:
        if isinstance(node.callee, Name) and node.callee.name == "$env":
            raise self.fail(node, "$env cannot be called")
        callee = self.visit(node.callee)
        if callee.is_unknown:
            return UNKNOWN
        if callee.kind != "func":
            raise self.fail(node, f"a value of type {callee.kind} cannot be called")
        for argument in node.arguments:
            self.visit(argument)
        return callee.result or UNKNOWN

    def builtin(self, node: Builtin) -> Type:
        has_predicate = len(node.arguments) > 1 and isinstance(node.arguments[1], Predicate)
        if node.name in PREDICATES and (has_predicate or self.dialect.modern):
            return self.with_predicate(node, has_predicate=has_predicate)
        if node.name == "get":
            return self.get(node)
        arguments = [self.visit(argument) for argument in node.arguments]
        try:
            return signatures.result_of(node.name, arguments, self.dialect)
        except EvaluationError as error:
            raise self.fail(node, str(error)) from None

    def get(self, node: Builtin) -> Type:
        if len(node.arguments) != 2:
            raise self.fail(node, "get needs a list or map and an index or key")
        first, second = node.arguments
        if isinstance(first, Name) and first.name == "$env":
            return UNKNOWN
        base, key = self.visit(first), self.visit(second)
        if base.is_unknown:
            return UNKNOWN
        if base.is_array and (key.is_unknown or key.kind == "int"):
            return base.elements
        if base.is_map and (key.is_unknown or key.kind == "string" or base.kind == "groups"):
            return base.elements
        raise self.fail(node, f"a value of type {base.kind} has no element at a {key.kind}")

    def with_predicate(self, node: Builtin, *, has_predicate: bool) -> Type:
        name = node.name
        collection = self.visit(node.arguments[0])
        if not (collection.is_unknown or collection.is_array):
            raise self.fail(node.arguments[0], f"{name} works on a list, not on a value of type {collection.kind}")
        element = UNKNOWN if collection.is_unknown else collection.elements
        if not has_predicate:
            return INT if name == "count" else element
        pointers = {"index": INT} if name in ("map", "reduce") else {}
        if name == "reduce":
            pointers["acc"] = UNKNOWN
        self.scopes.append((collection, pointers))
        result = self.visit(node.arguments[1])
        self.scopes.pop()
        if result.kind == "nil":
            raise self.fail(node.arguments[1], f"the predicate of {name} gives nothing")
        if name in _NEEDS_BOOL and not (result.is_unknown or result.kind == "bool"):
            raise self.fail(node.arguments[1], f"the predicate of {name} must give true or false, not a {result.kind}")
        for argument in node.arguments[2:]:
            given = self.visit(argument)
            if name == "sortBy" and not (given.is_unknown or given.kind == "string"):
                raise self.fail(argument, 'the order of sortBy is "asc" or "desc"')
        return _predicate_result(name, collection, element, result)

    def pointer(self, node: Pointer) -> Type:
        if not self.scopes:
            raise self.fail(node, "# stands for an element only inside a predicate")
        collection, pointers = self.scopes[-1]
        if not node.name:
            return UNKNOWN if collection.is_unknown else collection.elements
        if node.name not in pointers:
            raise self.fail(node, f"there is no #{node.name} here")
        return pointers[node.name]

    def let(self, node: Let) -> Type:
        is_variable = self.variables is not None and node.name in self.variables
        is_builtin = node.name in signatures.NAMES or node.name in PREDICATES
        if is_variable or node.name in self.names or (is_builtin and node.name not in self.dialect.absent):
            raise self.fail(node, f"{node.name!r} is a name already")
        self.names[node.name] = self.visit(node.value)
        result = self.visit(node.body)
        del self.names[node.name]
        return result

    def conditional(self, node: Conditional) -> Type:
        condition = self.visit(node.condition)
        if not (condition.is_unknown or condition.kind == "bool"):
            raise self.fail(node.condition, f"a condition is true or false, not a value of type {condition.kind}")
        yes, no = self.visit(node.yes), self.visit(node.no)
        if "nil" in (yes.kind, no.kind):
            return no if yes.kind == "nil" else yes
        if not yes.fits(no):
            return UNKNOWN
        return ARRAY if yes.is_array and yes.elements != no.elements else yes

    def array(self, node: Array) -> Type:
        items = [self.visit(item) for item in node.items]
        if not items:
            return kinds.array_of(UNKNOWN)
        return kinds.array_of(items[-1]) if len({item.kind for item in items}) == 1 else ARRAY


def _predicate_result(name: str, collection: Type, element: Type, result: Type) -> Type:
    if name in _BOOLEAN:
        return BOOL
    if name in ("count", "findIndex", "findLastIndex"):
        return INT
    if name == "filter":
        return ARRAY if collection.is_unknown else kinds.array_of(element)
    if name == "map":
        return kinds.array_of(result)
    if name in ("find", "findLast"):
        return element
    if name == "groupBy":
        return GROUPS
    return collection if name == "sortBy" else result


def _both(left: Type, right: Type, kind: str) -> bool:
    """Both are of the kind, or one may be."""
    return (left.kind == kind or left.is_unknown) and (right.kind == kind or right.is_unknown)


def _ordered(left: Type, right: Type) -> bool:
    if left.is_number and right.is_number:
        return True
    if left.is_unknown or right.is_unknown:
        known = right if left.is_unknown else left
        return known.is_unknown or known.is_number or known.kind in ("string", "time", "duration")
    return left.kind == right.kind and left.kind in ("string", "time", "duration")


def _either(left: Type, right: Type) -> Type:
    if left.kind == "nil":
        return right if right.kind != "nil" else NIL
    if right.kind == "nil" or right.fits(left):
        return left
    return UNKNOWN


_RESULTS: dict[tuple[str, str, str], Type] = {
    ("+", "string", "string"): STRING,
    ("+", "time", "duration"): TIME,
    ("+", "duration", "time"): TIME,
    ("+", "duration", "duration"): DURATION,
    ("-", "time", "time"): DURATION,
    ("-", "time", "duration"): TIME,
    ("-", "duration", "duration"): DURATION,
    ("*", "duration", "duration"): DURATION,
    ("*", "int", "duration"): DURATION,
    ("*", "float", "duration"): DURATION,
    ("*", "duration", "int"): DURATION,
    ("*", "duration", "float"): DURATION,
}
_OPERANDS = {
    "+": ("int", "float", "string", "time", "duration"),
    "-": ("int", "float", "time", "duration"),
    "*": ("int", "float", "duration"),
    "/": ("int", "float"),
    "**": ("int", "float"),
    "^": ("int", "float"),
    "%": ("int",),
}


def _arithmetic(operator: str, left: Type, right: Type) -> Type | None:
    result = {"/": FLOAT, "**": FLOAT, "^": FLOAT, "%": INT}.get(operator)
    if left.is_unknown or right.is_unknown:
        known = right if left.is_unknown else left
        fits = known.is_unknown or known.kind in _OPERANDS.get(operator, ())
        return (result or UNKNOWN) if fits else None
    if left.is_number and right.is_number:
        if operator == "%":
            return INT if left.kind == right.kind == "int" else None
        return result or (FLOAT if "float" in (left.kind, right.kind) else INT)
    return _RESULTS.get((operator, left.kind, right.kind))
