"""From tokens to a syntax tree: a Pratt parser.

In: source text, the dialect, and the names of builtins that a variable hides; out: the tree. Mirrors `parser/parser.go`
of expr-lang/expr 1.17.8 and antonmedv/expr 1.15.5. Raises EvaluationError on any error of syntax, and when the text is
nested deeper than Python's stack allows (some hundred levels).
"""

from __future__ import annotations

from typing import NamedTuple

from argosy.errors import EvaluationError
from argosy.lang import regex
from argosy.lang.expr.dialect import Dialect
from argosy.lang.expr.lexer import Token, failed, tokens
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
from argosy.lang.expr.signatures import NAMES

__all__ = ["PREDICATES", "parse"]

_MAX_SOURCE = 100_000

_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY = {
    "|": 0,
    "or": 10,
    "||": 10,
    "and": 15,
    "&&": 15,
    "==": 20,
    "!=": 20,
    "<": 20,
    ">": 20,
    ">=": 20,
    "<=": 20,
    "in": 20,
    "matches": 20,
    "contains": 20,
    "startsWith": 20,
    "endsWith": 20,
    "..": 25,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "**": 100,
    "^": 100,
    "??": 500,
}
_RIGHT = frozenset(("**", "^"))
_COMPARISONS = frozenset(("<", ">", ">=", "<="))
_NEGATABLE = frozenset(("contains", "matches", "startsWith", "endsWith", "in"))


class _Shape(NamedTuple):
    """How many arguments a builtin with a predicate takes after it, and whether it may come without the predicate."""

    more: int = 0
    bare: bool = False


PREDICATES = {
    "all": _Shape(),
    "none": _Shape(),
    "any": _Shape(),
    "one": _Shape(),
    "filter": _Shape(),
    "map": _Shape(),
    "count": _Shape(bare=True),
    "sum": _Shape(bare=True),
    "find": _Shape(),
    "findIndex": _Shape(),
    "findLast": _Shape(),
    "findLastIndex": _Shape(),
    "groupBy": _Shape(),
    "sortBy": _Shape(more=1),
    "reduce": _Shape(more=1),
}
_ONLY_MODERN_PREDICATES = frozenset(("sum", "sortBy"))


def parse(source: str, dialect: Dialect, hidden: frozenset[str] = frozenset()) -> Node:
    """Parse an expression; `hidden` are the builtins that a variable of the same name takes the place of."""
    if len(source) > _MAX_SOURCE:
        raise EvaluationError(f"expression is longer than {_MAX_SOURCE} characters")
    try:
        return _Parser(source, dialect, hidden).run()
    except RecursionError:
        raise EvaluationError(f"expression {source[:60]!r}... is nested too deep") from None


class _Parser:
    def __init__(self, source: str, dialect: Dialect, hidden: frozenset[str]) -> None:
        self.source = source
        self.dialect = dialect
        self.modern = dialect.modern
        self.hidden = hidden
        self.tokens = tokens(source, dialect)
        self.position = 0
        self.depth = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def advance(self) -> Token:
        token = self.tokens[self.position]
        if token.kind == "end":
            raise failed(self.source, token.at, "the expression ends too early")
        self.position += 1
        return token

    def unexpected(self) -> EvaluationError:
        token = self.current
        if token.kind == "end":
            return failed(self.source, token.at, "the expression ends too early")
        return failed(self.source, token.at, f"{token.value!r} does not belong here")

    def expect_operator(self, value: str) -> None:
        if not self.current.is_operator(value):
            raise self.unexpected()
        self.advance()

    def expect_bracket(self, value: str) -> None:
        if not self.current.is_bracket(value):
            raise self.unexpected()
        self.advance()

    def expect_word(self) -> Token:
        if self.current.kind != "word":
            raise self.unexpected()
        return self.advance()

    def run(self) -> Node:
        node = self.sequence()
        if self.current.kind != "end":
            raise self.unexpected()
        return node

    def sequence(self) -> Node:
        first = self.expression(0)
        if not self.modern or not self.current.is_operator(";"):
            return first
        parts = [first]
        while self.current.is_operator(";"):
            self.advance()
            if self.current.kind == "end":
                break
            parts.append(self.expression(0))
        return parts[0] if len(parts) == 1 else Sequence(first.at, parts)

    def expression(self, precedence: int) -> Node:
        if precedence == 0 and self.current.is_operator("let"):
            return self.let()
        if precedence == 0 and self.current.is_operator("if"):
            return self.if_block()
        left = self.primary()
        previous = ""
        while self.current.kind == "operator":
            operator = self.current
            negation = self.negation(precedence) if operator.value == "not" else None
            if operator.value == "not":
                if negation is None:
                    break
                operator = self.current
            strength = _BINARY.get(operator.value, -1)
            if strength < precedence:
                break
            self.advance()
            if previous == "??" and operator.value not in ("??", "|"):
                why = f"{operator.value!r} and ?? need parentheses between them"
                raise failed(self.source, operator.at, why)
            left = self.operation(left, operator, strength)
            if negation is not None:
                left = Unary(negation.at, "not", left)
            previous = operator.value
        return self.conditional(left) if precedence == 0 else left

    def negation(self, precedence: int) -> Token | None:
        """Go past a `not` that belongs to the operator behind it; None when that operator binds too weakly."""
        token = self.advance()
        following = self.current
        if not self.modern:  # version 1.15 reads over a not that negates nothing
            return token if _BINARY.get(following.value, -1) >= precedence and following.value != "|" else None
        if following.value not in _NEGATABLE:
            raise self.unexpected()
        if _BINARY[following.value] < precedence:
            self.position -= 1
            return None
        return token

    def operation(self, left: Node, operator: Token, strength: int) -> Node:
        if operator.value == "|":
            name = self.expect_word()
            return self.call(name, [left])
        if self.modern and operator.value in _COMPARISONS:
            return self.comparison(left, operator, strength)
        right = self.expression(strength if operator.value in _RIGHT else strength + 1)
        if operator.value == "matches" and isinstance(right, Constant) and isinstance(right.value, str):
            regex.compile(right.value)  # a wrong pattern is an error even where it is never used
        return Binary(operator.at, operator.value, left, right)

    def comparison(self, left: Node, operator: Token, strength: int) -> Node:
        """Read `a < b < c` as `a < b && b < c`."""
        root: Node | None = None
        while True:
            right = self.expression(strength + 1)
            compared = Binary(operator.at, operator.value, left, right)
            root = compared if root is None else Binary(operator.at, "&&", root, compared)
            if not self.current.is_operator(*_COMPARISONS):
                return root
            left, operator = right, self.advance()

    def let(self) -> Node:
        self.advance()
        name = self.expect_word()
        self.expect_operator("=")
        value = self.expression(0)
        self.expect_operator(";")
        return Let(name.at, name.value, value, self.sequence() if self.modern else self.expression(0))

    def if_block(self) -> Node:
        token = self.advance()
        condition = self.expression(0)
        yes = self.block()
        self.expect_operator("else")
        no = self.if_block() if self.current.is_operator("if") else self.block()
        return Conditional(token.at, condition, yes, no)

    def block(self) -> Node:
        self.expect_bracket("{")
        node = self.sequence()
        self.expect_bracket("}")
        return node

    def conditional(self, node: Node) -> Node:
        while self.current.is_operator("?"):
            token = self.advance()
            if self.current.is_operator(":"):
                self.advance()
                node = Conditional(token.at, node, node, self.expression(0))
                continue
            yes = self.expression(0)
            self.expect_operator(":")
            node = Conditional(token.at, node, yes, self.expression(0))
        return node

    def primary(self) -> Node:
        token = self.current
        if token.kind == "operator":
            strength = _UNARY.get(token.value)
            if strength is not None:
                self.advance()
                return self.postfix(Unary(token.at, token.value, self.expression(strength)))
            if token.value in ("#", "."):
                return self.pointer()
            if self.modern and token.value == "::":
                self.advance()
                return self.postfix(self.call(self.expect_word(), [], free=True))
        if token.is_bracket("("):
            self.advance()
            node = self.sequence()
            self.expect_bracket(")")
            return self.postfix(node)
        return self.secondary()

    def pointer(self) -> Node:
        token = self.current
        if not self.depth:
            raise failed(self.source, token.at, f"{token.value!r} stands for an element only inside a predicate")
        name = ""
        if token.value == "#":
            self.advance()
            if self.current.kind == "word":
                name = self.advance().value
        return self.postfix(Pointer(token.at, name))

    def secondary(self) -> Node:
        token = self.current
        match token.kind:
            case "word":
                self.advance()
                if token.value in ("true", "false", "nil"):
                    return Constant(token.at, {"true": True, "false": False}.get(token.value))
                if self.current.is_bracket("("):
                    return self.postfix(self.call(token, []))
                return self.postfix(Name(token.at, token.value))
            case "number":
                self.advance()
                return Constant(token.at, self.number(token))
            case "text":
                self.advance()
                text = Constant(token.at, token.value)
                return self.postfix(text) if self.modern else text
            case "bytes":
                self.advance()
                return self.postfix(Constant(token.at, token.value.encode("utf-8", "surrogatepass")))
        if token.is_bracket("["):
            return self.postfix(self.array())
        if token.is_bracket("{"):
            return self.postfix(self.map())
        raise self.unexpected()

    def number(self, token: Token) -> int | float:
        text = token.value.replace("_", "").lower()
        prefix = text[:2]
        value: int | float
        try:
            if prefix == "0x" and (self.modern or "x" in token.value):
                value = int(text, 16)
            elif prefix in ("0b", "0o") and self.modern:
                value = int(text, 0)
            elif "." in text or "e" in text:
                value = float(text)
            else:
                value = int(text, 10) if len(text) < 40 else 1 << 64
        except ValueError:
            raise failed(self.source, token.at, f"{token.value!r} is no number") from None
        if value in (float("inf"), float("-inf")) or (isinstance(value, int) and value >= 1 << 63):
            raise failed(self.source, token.at, f"{token.value!r} is too large")
        return value

    def call(self, name: Token, arguments: list[Node], *, free: bool = False) -> Node:
        """Read the arguments of a call; `arguments` holds what a pipe already gave, `free` ignores hiding variables."""
        hidden = name.value in self.hidden and not free
        shape = PREDICATES.get(name.value)
        if not self.modern and name.value in _ONLY_MODERN_PREDICATES:
            shape = None
        if shape is not None and not hidden:
            return Builtin(name.at, name.value, self.predicate_arguments(shape, arguments))
        arguments = [*arguments, *self.arguments()]
        if name.value in NAMES and name.value not in self.dialect.absent and not hidden:
            return Builtin(name.at, name.value, arguments)
        return Call(name.at, Name(name.at, name.value), arguments)

    def predicate_arguments(self, shape: _Shape, arguments: list[Node]) -> list[Node]:
        self.expect_bracket("(")
        given = list(arguments)
        if not given:
            given.append(self.expression(0))
        bare = shape.bare and self.modern
        if not (bare and self.current.is_bracket(")")):
            if not arguments:
                self.expect_operator(",")
            given.append(self.predicate())
        for _ in range(shape.more):
            if self.current.is_bracket(")"):
                break
            self.expect_operator(",")
            given.append(self.expression(0))
        if self.modern and self.current.is_operator(","):
            self.advance()
        self.expect_bracket(")")
        return given

    def predicate(self) -> Node:
        at = self.current.at
        braces = self.current.is_bracket("{")
        if braces:
            self.advance()
        self.depth += 1
        body = self.sequence() if braces else self.expression(0)
        self.depth -= 1
        if braces:
            self.expect_bracket("}")
        elif self.current.is_operator(";"):
            raise failed(self.source, self.current.at, "put a predicate of several parts in braces")
        return Predicate(at, body)

    def arguments(self) -> list[Node]:
        self.expect_bracket("(")
        found: list[Node] = []
        while not self.current.is_bracket(")"):
            if found:
                self.expect_operator(",")
                if self.modern and self.current.is_bracket(")"):
                    break
            found.append(self.expression(0))
        self.advance()
        return found

    def array(self) -> Node:
        token = self.advance()
        items: list[Node] = []
        while not self.current.is_bracket("]"):
            if items:
                self.expect_operator(",")
                if self.current.is_bracket("]"):
                    break
            items.append(self.expression(0))
        self.advance()
        return Array(token.at, items)

    def map(self) -> Node:
        token = self.advance()
        pairs: list[tuple[Node, Node]] = []
        while not self.current.is_bracket("}"):
            if pairs:
                self.expect_operator(",")
                if self.current.is_bracket("}"):
                    break
            key: Node
            if self.current.kind in ("number", "text", "word"):
                key = Constant(self.current.at, self.advance().value)
            elif self.current.is_bracket("("):
                key = self.expression(0)
            else:
                raise failed(self.source, self.current.at, "a key is a text, a number, a name or (an expression)")
            self.expect_operator(":")
            pairs.append((key, self.expression(0)))
        self.advance()
        return Map(token.at, pairs)

    def postfix(self, node: Node) -> Node:
        while True:
            token = self.current
            if token.is_operator(".", "?."):
                self.advance()
                optional = token.value == "?."
                if optional and self.modern and self.current.is_bracket("["):
                    node = self.index(node, optional=True)
                else:
                    node = self.member(node, optional=optional)
            elif token.is_bracket("["):
                node = self.index(node, optional=False)
            else:
                return node

    def member(self, node: Node, *, optional: bool) -> Node:
        token = self.advance()
        is_name = token.kind == "word" or (token.kind == "operator" and token.value.isidentifier())
        if not is_name:
            raise failed(self.source, token.at, "a name must follow the dot")
        chained = isinstance(node, Chain)
        base = node.inner if isinstance(node, Chain) else node
        called = self.current.is_bracket("(")
        found: Node = Member(token.at, base, Constant(token.at, token.value), optional=optional, called=called)
        if called:
            found = Call(token.at, found, self.arguments())
        return Chain(token.at, found) if chained or optional else found

    def index(self, node: Node, *, optional: bool) -> Node:
        token = self.advance()
        first = None if self.current.is_operator(":") else self.expression(0)
        if self.current.is_operator(":"):
            self.advance()
            last = None if self.current.is_bracket("]") else self.expression(0)
            self.expect_bracket("]")
            return Slice(token.at, node, first, last)
        self.expect_bracket("]")
        if first is None:
            raise self.unexpected()
        found = Member(token.at, node, first, optional=optional)
        return Chain(token.at, found) if optional else found
