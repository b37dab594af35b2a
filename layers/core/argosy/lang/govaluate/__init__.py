"""Govaluate: the expressions of a sensor's `exprs` filters and of a workflow's `when`.

In: an expression and its parameters (decoded JSON). Out: a float, text, bool, None, list or mapping. Mirrors
github.com/Knetic/govaluate v3.0.1-0.20171022003610-9aa49832a739, which both Argo Events and Argo Workflows pin, quirks
included: every number is a float64, a quoted text that is a date becomes its Unix seconds, `a.b` reaches into Go structs
and so into nothing that JSON holds, operators in a row without a blank are one (unknown) operator, and all binary
operators of one rank group to the left, `**` too.

On purpose different: a date without a zone is read in UTC; an expression has 64 KB at most, and parentheses go 100 deep.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import regex
from argosy.lang.expr.values import deep_equal, divide, power, show, to_int
from argosy.lang.govaluate.lexer import Kind, Token, tokens

__all__ = ["Expression", "compile"]

_DEEPEST: Final = 100
# From loose to tight. Those of one rank group to the left.
_RANKS: Final = (
    (",",),
    ("?", ":", "??"),
    ("||",),
    ("&&",),
    ("==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"),
    ("&", "|", "^"),
    ("<<", ">>"),
    ("+", "-"),
    ("*", "/", "%"),
    ("**",),
)
_RANK: Final = {symbol: rank for rank, symbols in enumerate(_RANKS) for symbol in symbols}
_BINARY: Final = frozenset({Kind.SEPARATOR, Kind.TERNARY, Kind.LOGICAL, Kind.COMPARATOR, Kind.MODIFIER})


@dataclass(frozen=True, slots=True)
class _Value:
    """A constant; None for an empty pair of parentheses."""

    value: Any


@dataclass(frozen=True, slots=True)
class _Name:
    name: str


@dataclass(frozen=True, slots=True)
class _Member:
    """`a.b`, which works on Go structs alone."""

    text: str


@dataclass(frozen=True, slots=True)
class _Prefix:
    symbol: str
    operand: _Node


@dataclass(frozen=True, slots=True)
class _Binary:
    symbol: str
    left: _Node
    right: _Node


type _Node = _Value | _Name | _Member | _Prefix | _Binary


class Expression:
    """A compiled expression; `names` are the parameters that it may ask for."""

    def __init__(self, text: str) -> None:
        self.text = text
        parser = _Parser(tokens(text))
        self._root = parser.whole()
        self.names = frozenset(parser.names)

    def evaluate(self, parameters: Mapping[str, Any]) -> Any:
        """The value. Raises EvaluationError, which names the expression, for operands that are missing or do not fit."""
        try:
            return _evaluate(self._root, parameters)
        except EvaluationError as x:
            raise EvaluationError(f"expression {self.text[:120]!r}: {x}") from x


@functools.lru_cache(maxsize=1024)
def compile(text: str) -> Expression:
    """Compile an expression. Raises EvaluationError."""
    try:
        return Expression(text)
    except EvaluationError as x:
        raise EvaluationError(f"expression {text[:120]!r}: {x}") from x


class _Parser:
    def __init__(self, given: Sequence[Token]) -> None:
        self._given, self._at = given, 0
        self._depth = 0
        self.names: set[str] = set()

    def whole(self) -> _Node:
        """The root. The lexer has seen to it that no operand is missing."""
        root = self._expression(0)
        if self._at < len(self._given):
            raise EvaluationError(f"{self._given[self._at].text!r} is not expected there")
        return root

    def _peek(self) -> Token | None:
        return self._given[self._at] if self._at < len(self._given) else None

    def _expression(self, least: int) -> _Node:
        """What operators of rank `least` and tighter hold together."""
        left = self._prefixed()
        while (token := self._peek()) is not None and token.kind in _BINARY and (rank := _RANK[token.text]) >= least:
            self._at += 1
            left = _Binary(token.text, left, self._expression(rank + 1))
        return left

    def _prefixed(self) -> _Node:
        token = self._peek()
        if token is not None and token.kind is Kind.PREFIX:
            self._at += 1
            return _Prefix(token.text, self._operand())
        return self._operand()

    def _operand(self) -> _Node:
        token = self._peek()
        if token is None or token.kind is Kind.CLOSE:
            return _Value(None)
        self._at += 1
        match token.kind:
            case Kind.OPEN:
                return self._parenthesised()
            case Kind.VARIABLE:
                self.names.add(token.text)
                return _Name(token.text)
            case Kind.ACCESSOR:
                return _Member(token.text)
            case Kind.NUMERIC | Kind.BOOLEAN | Kind.STRING | Kind.PATTERN | Kind.TIME:
                return _Value(token.value)
        raise EvaluationError(f"{token.text!r} is not expected there")

    def _parenthesised(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise EvaluationError(f"more than {_DEEPEST} parentheses in each other")
        inner = self._expression(0)
        token = self._peek()
        if token is None or token.kind is not Kind.CLOSE:
            raise EvaluationError("unbalanced parentheses")
        self._at += 1
        self._depth -= 1
        return inner


def _evaluate(node: _Node, parameters: Mapping[str, Any]) -> Any:
    """Down the left side without recursion: a chain of operators may be long."""
    waiting: list[_Binary] = []
    while isinstance(node, _Binary):
        waiting.append(node)
        node = node.left
    value = _single(node, parameters)
    for binary in reversed(waiting):
        value = _binary(binary.symbol, value, binary.right, parameters)
    return value


def _single(node: _Value | _Name | _Member | _Prefix, parameters: Mapping[str, Any]) -> Any:
    match node:
        case _Value(value):
            return value
        case _Name(name):
            return _parameter(name, parameters)
        case _Member(text):
            raise EvaluationError(
                f"{text!r} reaches into a struct, which no parameter is; a name with a dot is written [a.b]"
            )
        case _Prefix(symbol, operand):
            return _prefix(symbol, _evaluate(operand, parameters))


def _parameter(name: str, parameters: Mapping[str, Any]) -> Any:
    if name not in parameters:
        raise EvaluationError(f"no parameter {name!r} found")
    value = parameters[name]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _prefix(symbol: str, value: Any) -> Any:
    if symbol == "!":
        return not _truth(value, symbol)
    number = _number(value, symbol)
    return -number if symbol == "-" else float(~to_int(number))


def _binary(symbol: str, first: Any, right: _Node, parameters: Mapping[str, Any]) -> Any:
    """The operators that do not always need their right side, and those that do."""
    match symbol:
        case "&&" | "||":
            if first is (symbol == "||"):
                return first
            second = _evaluate(right, parameters)
            return _truth(first, symbol) and _truth(second, symbol) if symbol == "&&" else _either(first, second)
        case "??" | ":":
            return first if first is not None else _evaluate(right, parameters)
        case "?":
            if first is False:
                return None
            second = _evaluate(right, parameters)
            return second if _truth(first, symbol) else None
    return _OPERATORS[symbol](first, _evaluate(right, parameters), symbol)


def _either(first: Any, second: Any) -> bool:
    return _truth(first, "||") or _truth(second, "||")


def _truth(value: Any, symbol: str) -> bool:
    if not isinstance(value, bool):
        raise _unfit(value, symbol, "a boolean")
    return value


def _number(value: Any, symbol: str) -> float:
    if not isinstance(value, float):
        raise _unfit(value, symbol, "a number")
    return value


def _unfit(value: Any, symbol: str, wanted: str) -> EvaluationError:
    return EvaluationError(f"{show(value)[:80]!r} cannot be used with {symbol}: it is not {wanted}")


def _uint64(value: float) -> int:
    if math.isfinite(value) and 2.0**63 <= value < 2.0**64:
        return int(value)
    return to_int(value) % 2**64


def _add(left: Any, right: Any, symbol: str) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return show(left) + show(right)
    return _number(left, symbol) + _number(right, symbol)


def _arithmetic(work: Callable[[float, float], float]) -> Callable[[Any, Any, str], float]:
    def operator(left: Any, right: Any, symbol: str) -> float:
        return work(_number(left, symbol), _number(right, symbol))

    return operator


def _compared(work: Callable[[Any, Any], bool]) -> Callable[[Any, Any, str], bool]:
    def operator(left: Any, right: Any, symbol: str) -> bool:
        both = (left, right)
        if not all(isinstance(one, float) for one in both) and not all(isinstance(one, str) for one in both):
            raise _unfit(
                right if isinstance(left, float | str) else left, symbol, "a number or text as the other side is"
            )
        return work(left, right)

    return operator


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or math.isinf(left) else math.fmod(left, right)


def _shift(left: float, right: float, *, up: bool) -> float:
    value, by = _uint64(left), _uint64(right)
    if by >= 64:
        return 0.0
    return float((value << by) % 2**64 if up else value >> by)


def _matches(left: Any, right: Any, symbol: str) -> bool:
    if not isinstance(left, str):
        raise _unfit(left, symbol, "a text")
    if not isinstance(right, str | regex.Pattern):
        raise _unfit(right, symbol, "a pattern")
    pattern = regex.compile(right) if isinstance(right, str) else right
    return pattern.search(left) is (symbol == "=~")


def _contained(left: Any, right: Any, symbol: str) -> bool:
    if not isinstance(right, list):
        raise _unfit(right, symbol, "a list")
    return any(
        deep_equal(left, one if isinstance(one, bool) or not isinstance(one, int) else float(one)) for one in right
    )


def _listed(left: Any, right: Any, _: str) -> list[Any]:
    return [*left, right] if isinstance(left, list) else [left, right]


_OPERATORS: Final[Mapping[str, Callable[[Any, Any, str], Any]]] = {
    ",": _listed,
    "==": lambda left, right, _: deep_equal(left, right),
    "!=": lambda left, right, _: not deep_equal(left, right),
    ">": _compared(lambda left, right: left > right),
    ">=": _compared(lambda left, right: left >= right),
    "<": _compared(lambda left, right: left < right),
    "<=": _compared(lambda left, right: left <= right),
    "=~": _matches,
    "!~": _matches,
    "in": _contained,
    "&": _arithmetic(lambda left, right: float(to_int(left) & to_int(right))),
    "|": _arithmetic(lambda left, right: float(to_int(left) | to_int(right))),
    "^": _arithmetic(lambda left, right: float(to_int(left) ^ to_int(right))),
    "<<": _arithmetic(functools.partial(_shift, up=True)),
    ">>": _arithmetic(functools.partial(_shift, up=False)),
    "+": _add,
    "-": _arithmetic(lambda left, right: left - right),
    "*": _arithmetic(lambda left, right: left * right),
    "/": _arithmetic(divide),
    "%": _arithmetic(_remainder),
    "**": _arithmetic(power),
}
