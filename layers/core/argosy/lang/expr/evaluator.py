"""Running a syntax tree.

In: the tree and the variables; out: the value. User code runs here, so it has a budget of steps and of memory; when it
is spent, or the nesting is too deep for Python's stack, the answer is an EvaluationError. Mirrors `vm/vm.go` and the
order of evaluation in `compiler/compiler.go` of expr-lang/expr 1.17.8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.errors import ArgosyError, EvaluationError
from argosy.lang import regex
from argosy.lang.expr import functions, values
from argosy.lang.expr.dialect import Dialect
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
from argosy.lang.expr.values import Groups, Ints, kind

__all__ = ["evaluate"]

_MAX_STEPS = 1_000_000
_MAX_MEMORY = 1_000_000  # elements of lists, the limit of expr-lang itself
_MAX_CHARACTERS = 16_000_000


class _ChainEndError(Exception):
    """Leaves the inside of a `?.` chain that met nil."""


class _Scope:
    """The list a predicate runs over."""

    __slots__ = ("acc", "index", "items")

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.index = 0
        self.acc: Any = None


def evaluate(tree: Node, dialect: Dialect, variables: Mapping[str, object]) -> object:
    """Run a tree. Raises EvaluationError."""
    try:
        return _Evaluator(dialect, variables).visit(tree)
    except RecursionError:
        raise EvaluationError("the expression or its data is nested too deep") from None


class _Evaluator:
    def __init__(self, dialect: Dialect, variables: Mapping[str, object]) -> None:
        self.variables = variables
        self.modern = dialect.modern
        self.functions = functions.FUNCTIONS if dialect.modern else functions.OLD
        self.equal = values.equal if dialect.modern else values.equal_before_1_17
        self.names: dict[str, Any] = {}
        self.scopes: list[_Scope] = []
        self.steps = _MAX_STEPS
        self.memory = _MAX_MEMORY
        self.characters = _MAX_CHARACTERS
        self.visitors: dict[type[Node], Callable[[Any], Any]] = {
            Array: self.array,
            Binary: self.binaries,
            Builtin: self.builtin,
            Call: self.call,
            Chain: self.chain,
            Conditional: self.conditional,
            Constant: lambda node: node.value,
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

    def visit(self, node: Node) -> Any:
        self.spend(1)
        return self.visitors[type(node)](node)

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise EvaluationError("the expression takes too many steps")

    def grow(self, value: Any) -> Any:
        """Count what a new text or list takes."""
        if isinstance(value, str):
            self.characters -= len(value)
        elif isinstance(value, (list, dict)):
            self.memory -= len(value)
        if self.memory < 0 or self.characters < 0:
            raise EvaluationError("the expression makes too large lists or texts")
        return value

    def truth(self, value: Any, place: str) -> bool:
        if not isinstance(value, bool):
            raise EvaluationError(f"{place} must be true or false, not a {kind(value)}")
        return value

    def name(self, node: Name) -> Any:
        if node.name in self.names:
            return self.names[node.name]
        return self.variables if node.name == "$env" else self.variables.get(node.name)

    def unary(self, node: Unary) -> Any:
        value = self.visit(node.operand)
        if node.operator in ("!", "not"):
            return not self.truth(value, f"the operand of {node.operator}")
        return values.negate(value) if node.operator == "-" else value

    def binaries(self, node: Binary) -> Any:
        """Run a chain such as a + b + c from the left without going down into it."""
        chain = [node]
        while isinstance(chain[-1].left, Binary):
            chain.append(chain[-1].left)
        value = self.visit(chain[-1].left)
        for part in reversed(chain):
            self.spend(1)
            value = self.binary(part, value)
        return value

    def binary(self, node: Binary, left: Any) -> Any:
        match node.operator:
            case "or" | "||":
                return left if self.truth(left, "the left side of or") else self.visit(node.right)
            case "and" | "&&":
                return self.visit(node.right) if self.truth(left, "the left side of and") else left
            case "??":
                return self.visit(node.right) if left is None else left
        right = self.visit(node.right)
        arithmetic = _ARITHMETIC.get(node.operator)
        if arithmetic is not None:
            return self.grow(arithmetic(left, right))
        if node.operator == "in" and not self.modern:
            self.only_texts(node.right, left)
        return self.compared(node.operator, left, right)

    def compared(self, operator: str, left: Any, right: Any) -> Any:
        match operator:
            case "==":
                return self.same(left, right)
            case "!=":
                return not self.same(left, right)
            case "<":
                return values.less(left, right)
            case ">":
                return values.less(right, left, ">")
            case "<=":
                return self.at_most(left, right, "<=")
            case ">=":
                return self.at_most(right, left, ">=")
            case "in":
                return self.contained(left, right)
            case "..":
                return self.range(left, right)
        return self.in_text(operator, left, right)

    def same(self, left: Any, right: Any) -> bool:
        if isinstance(left, (list, dict, str)):
            self.spend(len(left))
        return self.equal(left, right)

    def at_most(self, left: Any, right: Any, operator: str) -> bool:
        """Compare with <=; NaN is at most nothing."""
        return values.less(left, right, operator) or (not values.less(right, left, operator) and bool(left == right))

    def contained(self, left: Any, right: Any) -> bool:
        if right is None:
            return False
        if isinstance(right, list):
            self.spend(len(right))
            return any(self.equal(item, left) for item in right)
        if isinstance(right, Mapping):
            if isinstance(right, Groups):
                return left in right
            if left is not None and not isinstance(left, str):
                raise EvaluationError(f"a key of a map is a text, not a {kind(left)}")
            return (left or "") in right
        raise EvaluationError(f"in looks into lists and maps, not into a {kind(right)}")

    def only_texts(self, right: Node, left: Any) -> None:
        """Refuse to look for anything but a text in a list of literal texts, as version 1.15 does."""
        if isinstance(right, Array) and right.items and not (left is None or isinstance(left, str)):
            literals = [item.value for item in right.items if isinstance(item, Constant)]
            if len(literals) == len(right.items) and all(isinstance(literal, str) for literal in literals):
                raise EvaluationError(f"a {kind(left)} cannot be in a list of texts")

    def in_text(self, operator: str, left: Any, right: Any) -> bool:
        if self.modern and (left is None or right is None):
            return False
        if isinstance(left, bytes):
            left = left.decode("utf-8", "replace")
        if not (isinstance(left, str) and isinstance(right, str)):
            raise EvaluationError(f"{operator} works on texts, not on a {kind(left)} and a {kind(right)}")
        self.spend(len(left) // 64)
        if operator == "matches":
            return regex.compile(right).search(left)
        if operator == "contains":
            return right in left
        return left.startswith(right) if operator == "startsWith" else left.endswith(right)

    def range(self, left: Any, right: Any) -> Ints:
        first, last = values.to_int(left), values.to_int(right)
        if last - first >= self.memory:
            raise EvaluationError("the expression makes too large lists or texts")
        return Ints(self.grow(list(range(first, last + 1))))

    def chain(self, node: Chain) -> Any:
        try:
            return self.visit(node.inner)
        except _ChainEndError:
            return None

    def member(self, node: Member) -> Any:
        base = self.visit(node.base)
        if node.optional and base is None:
            raise _ChainEndError
        return functions.fetch(base, self.visit(node.key))

    def slice(self, node: Slice) -> Any:
        base = self.visit(node.base)
        if not isinstance(base, (str, list, bytes)):
            raise EvaluationError(f"a {kind(base)} cannot be sliced")
        items = base.encode("utf-8", "surrogatepass") if isinstance(base, str) else base
        size = len(items)
        last = size if node.last is None else values.to_int(self.visit(node.last))
        first = 0 if node.first is None else values.to_int(self.visit(node.first))
        first, last = (max(0, bound + size) if bound < 0 else bound for bound in (first, last))
        cut = items[min(first, last, size) : min(last, size)]
        return self.grow(cut.decode("utf-8", "replace") if isinstance(base, str) and isinstance(cut, bytes) else cut)

    def call(self, node: Call) -> Any:
        arguments = [self.visit(argument) for argument in node.arguments]
        function = self.visit(node.callee)
        if function is None or not callable(function):
            raise EvaluationError(f"a {kind(function)} cannot be called")
        return self.grow(self.invoke(_name_of(node.callee), function, arguments))

    def invoke(self, name: str, function: Callable[..., Any], arguments: list[Any]) -> Any:
        for argument in arguments:
            if isinstance(argument, (str, list, dict)):
                self.spend(len(argument) // 16)
        try:
            return function(*arguments)
        except ArgosyError as error:
            raise EvaluationError(f"{name}: {error}") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise EvaluationError(f"{name} fails on these arguments: {error}") from error

    def builtin(self, node: Builtin) -> Any:
        loop = _LOOPS.get(node.name)
        if loop is not None and node.name not in self.functions:
            return self.grow(loop(self, node, self.collection(node)))
        arguments = [self.visit(argument) for argument in node.arguments]
        if node.name in ("uniq", "sort", "flatten") and arguments and isinstance(arguments[0], list):
            size = len(arguments[0])
            self.spend(size * size // 8 if node.name == "uniq" else size * 4)
        return self.grow(self.invoke(node.name, self.functions[node.name], arguments))

    def collection(self, node: Builtin) -> list[Any]:
        items = self.visit(node.arguments[0])
        if isinstance(items, str):
            return list(items.encode("utf-8", "surrogatepass"))  # reached only by a text whose type was not known
        if not isinstance(items, list):
            raise EvaluationError(f"{node.name} works on a list, not on a {kind(items)}")
        return items

    def pointer(self, node: Pointer) -> Any:
        if not self.scopes:
            raise EvaluationError("# stands for an element only inside a predicate")
        scope = self.scopes[-1]
        match node.name:
            case "":
                return scope.items[scope.index]
            case "index":
                return scope.index
            case "acc":
                return scope.acc
        raise EvaluationError(f"there is no #{node.name}")

    def let(self, node: Let) -> Any:
        before = self.names
        self.names = {**before, node.name: self.visit(node.value)}
        try:
            return self.visit(node.body)
        finally:
            self.names = before

    def conditional(self, node: Conditional) -> Any:
        condition = self.truth(self.visit(node.condition), "a condition")
        return self.visit(node.yes if condition else node.no)

    def array(self, node: Array) -> Any:
        return self.grow([self.visit(item) for item in node.items])

    def map(self, node: Map) -> Any:
        made: dict[str, Any] = {}
        for key_node, value_node in node.pairs:
            key, value = self.visit(key_node), self.visit(value_node)
            if not isinstance(key, str):
                raise EvaluationError(f"a key of a map is a text, not a {kind(key)}")
            made.setdefault(key, value)  # of two equal keys the first one stays
        return self.grow(made)

    # Functions with a predicate: they run it with the list as innermost scope.

    def each(self, node: Builtin, items: list[Any], *, backwards: bool = False) -> Any:
        """Yield (index, item, result of the predicate), lazily, with the scope open while the predicate runs."""
        scope = _Scope(items)
        indexes = range(len(items) - 1, -1, -1) if backwards else range(len(items))
        for index in indexes:
            yield index, items[index], self.in_scope(scope, index, node)

    def in_scope(self, scope: _Scope, index: int, node: Builtin) -> Any:
        scope.index = index
        if len(node.arguments) < 2:
            return scope.items[index]
        self.scopes.append(scope)
        try:
            return self.visit(node.arguments[1])
        finally:
            self.scopes.pop()

    def tests(self, node: Builtin, items: list[Any], *, backwards: bool = False) -> Any:
        """As `each`, for predicates that must give true or false."""
        for index, item, result in self.each(node, items, backwards=backwards):
            yield index, item, self.truth(result, f"the predicate of {node.name}")

    def reduce(self, node: Builtin, items: list[Any]) -> Any:
        scope = _Scope(items)
        start = 0
        if len(node.arguments) > 2:
            scope.acc = self.visit(node.arguments[2])
        elif items:
            scope.acc, start = items[0], 1
        else:
            raise EvaluationError("reduce of an empty list needs an initial value")
        for index in range(start, len(items)):
            scope.acc = self.in_scope(scope, index, node)
        return scope.acc

    def group_by(self, node: Builtin, items: list[Any]) -> Groups:
        groups = Groups()
        groups.absent = []
        for _, item, key in self.each(node, items):
            if isinstance(key, (list, dict)):
                raise EvaluationError(f"a {kind(key)} cannot be a key")
            groups.setdefault(key, []).append(item)
        return groups

    def sort_by(self, node: Builtin, items: list[Any]) -> list[Any]:
        order = self.visit(node.arguments[2]) if len(node.arguments) > 2 else "asc"
        keys = [key for _, _, key in self.each(node, items)]
        self.spend(4 * len(items))
        return functions.ordered(items, keys, order)

    def sum(self, node: Builtin, items: list[Any]) -> Any:
        total: Any = 0
        for _, _, item in self.each(node, items):
            total = values.add(item, total)
        return total

    def find(self, node: Builtin, items: list[Any]) -> Any:
        backwards = node.name.startswith("findLast")
        for index, item, fits in self.tests(node, items, backwards=backwards):
            if fits:
                return index if node.name.endswith("Index") else item
        return None


def _name_of(callee: Node) -> str:
    if isinstance(callee, Name):
        return callee.name
    if isinstance(callee, Member) and isinstance(callee.key, Constant):
        return str(callee.key.value)
    return "the function"


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "%": values.modulo,
    "**": values.power,
    "^": values.power,
}
_LOOPS: dict[str, Callable[[_Evaluator, Builtin, list[Any]], Any]] = {
    "all": lambda run, node, items: all(fits for _, _, fits in run.tests(node, items)),
    "any": lambda run, node, items: any(fits for _, _, fits in run.tests(node, items)),
    "none": lambda run, node, items: not any(fits for _, _, fits in run.tests(node, items)),
    "one": lambda run, node, items: sum(fits for _, _, fits in run.tests(node, items)) == 1,
    "count": lambda run, node, items: sum(fits for _, _, fits in run.tests(node, items)),
    "filter": lambda run, node, items: [item for _, item, fits in run.tests(node, items) if fits],
    "map": lambda run, node, items: [result for _, _, result in run.each(node, items)],
    "find": _Evaluator.find,
    "findIndex": _Evaluator.find,
    "findLast": _Evaluator.find,
    "findLastIndex": _Evaluator.find,
    "groupBy": _Evaluator.group_by,
    "reduce": _Evaluator.reduce,
    "sortBy": _Evaluator.sort_by,
    "sum": _Evaluator.sum,
}
