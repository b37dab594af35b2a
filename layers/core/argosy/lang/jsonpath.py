"""JSONPath on decoded JSON, for the function `jsonpath` of Argo's expressions.

In: a selector such as `$.items[?(@.n > 1)].name` and a document; out: the value it leads to. Behaves as
evilmonkeyinc/jsonpath 0.8.1, which Argo Events and Workflows are built with: a missing key or index is an error, unless a
wildcard, recursion, union, range or filter stands before it; those give lists and leave out what is not there.

On purpose different: filters and scripts know comparisons, `&& || !`, `=~`, `in`, arithmetic and paths; the regular
expressions of `=~` run on RE2.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from argosy.errors import EvaluationError
from argosy.lang import regex

__all__ = ["query"]

_MAX_NODES = 200_000
_NAME = re.compile(r"[^.\[\]]+")
_WORD = re.compile(r"[\w$]+")
_INTEGER = re.compile(r"\s*(-?\d+)\s*")
_QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*""", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    |(?P<operator>&&|\|\||==|!=|<=|>=|=~|\*\*|[<>!+\-*/%()])|(?P<pattern>~)|(?P<path>[@$])|(?P<word>\w+))""",
    re.VERBOSE | re.DOTALL,
)


class _Step(NamedTuple):
    """One step of a path: its kind and what it needs."""

    kind: str  # key, index, length, all, deep, keys, indexes, range, filter, script
    value: Any = None


def query(document: object, selector: str) -> object:
    """Resolve a selector in decoded JSON. Raises EvaluationError when it is wrong or leads nowhere."""
    try:
        return _Walk(document).apply(document, _compile(selector), 0)
    except RecursionError:
        raise EvaluationError(f"selector {selector[:60]!r}: the document or the selector is nested too deep") from None


@functools.lru_cache(maxsize=512)
def _compile(selector: str) -> tuple[_Step, ...]:
    if selector[:1] not in ("$", "@"):
        raise _bad(selector, "it begins with $")
    steps, end = _steps(selector, 1, inner=False)
    if end != len(selector):
        raise _bad(selector, f"{selector[end : end + 10]!r} does not belong there")
    return tuple(steps)


def _bad(selector: str, why: str) -> EvaluationError:
    return EvaluationError(f"selector {selector[:80]!r} is wrong: {why}")


def _steps(text: str, i: int, *, inner: bool) -> tuple[list[_Step], int]:
    """Read steps from `i` on; inside of a filter a name ends where an operator begins."""
    steps: list[_Step] = []
    while i < len(text):
        if text.startswith("..", i):
            steps.append(_Step("deep"))
            i += 2
            if text[i : i + 1] == "[":
                continue
        elif text[i] == ".":
            i += 1
            if text[i : i + 1] == "[":
                continue
        elif text[i] == "[":
            step, i = _subscript(text, i)
            steps.append(step)
            continue
        else:
            break
        name = (_WORD if inner else _NAME).match(text, i)
        if text[i : i + 1] == "*":
            steps.append(_Step("all"))
            i += 1
        elif name is None:
            raise _bad(text, "a name must follow the dot")
        else:
            word = name.group().strip()
            steps.append(_Step("length") if word == "length" else _Step("key", word))
            i = name.end()
    return steps, i


def _closing(text: str, start: int) -> int:
    """Return the index of the bracket that closes the one at `start`, quotes respected."""
    depth, i, quote = 0, start, ""
    while i < len(text):
        char = text[i]
        if quote:
            if char == "\\":
                i += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
            if depth == 0:
                return i
        i += 1
    raise _bad(text, "a bracket is not closed")


def _subscript(text: str, start: int) -> tuple[_Step, int]:
    end = _closing(text, start)
    inside = text[start + 1 : end].strip()
    if inside == "*":
        return _Step("all"), end + 1
    if inside.startswith("?"):
        if not (inside.startswith("?(") and inside.endswith(")")):
            raise _bad(text, "a filter has the form ?(expression)")
        return _Step("filter", _Expression(inside[2:-1]).parse()), end + 1
    parts = _split(inside, ",")
    if len(parts) > 1:
        return _union(text, parts), end + 1
    bounds = _split(inside, ":")
    if len(bounds) > 1:
        if len(bounds) > 3:
            raise _bad(text, "a range has at most three parts")
        return _Step("range", [_bound(text, part) for part in bounds]), end + 1
    return _single(text, inside), end + 1


def _split(inside: str, separator: str) -> list[str]:
    """Split at separators that stand outside of quotes and brackets."""
    parts, begin, i = [], 0, 0
    while i < len(inside):
        if inside[i] in "'\"":
            quoted = _QUOTED.match(inside, i)
            i = quoted.end() if quoted else len(inside)
            continue
        if inside[i] in "([":
            i = _closing(inside, i)
        elif inside[i] == separator:
            parts.append(inside[begin:i])
            begin = i + 1
        i += 1
    return [*parts, inside[begin:]]


def _unquoted(text: str) -> str | None:
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        return None
    inner = quoted.group(1) if quoted.group(1) is not None else quoted.group(2)
    return re.sub(r"\\(['\"])", r"\1", inner)


def _single(text: str, inside: str) -> _Step:
    key = _unquoted(inside)
    if key is not None:
        return _Step("key", key)
    number = _INTEGER.fullmatch(inside)
    if number:
        return _Step("index", int(number.group(1)))
    if inside.startswith("(") and inside.endswith(")"):
        return _Step("script", _Expression(inside[1:-1]).parse())
    raise _bad(text, f"[{inside[:30]}] is neither a quoted name, a number nor an expression")


def _union(text: str, parts: list[str]) -> _Step:
    members = [_single(text, part.strip()) for part in parts]
    kinds = {member.kind for member in members}
    if kinds == {"key"}:
        return _Step("keys", [member.value for member in members])
    if kinds <= {"index", "script"}:
        return _Step("indexes", [member.value for member in members])
    raise _bad(text, "a union holds names or numbers, not both")


def _bound(text: str, part: str) -> Any:
    if not part.strip():
        return None
    step = _single(text, part.strip())
    if step.kind not in ("index", "script"):
        raise _bad(text, "the bounds of a range are integers")
    return step.value


class _Walk:
    """One walk through one document. Functions in the place of numbers are expressions, evaluated where they stand."""

    def __init__(self, root: object) -> None:
        self.root = root
        self.left = _MAX_NODES

    def spend(self, values: int) -> None:
        self.left -= values
        if self.left < 0:
            raise EvaluationError("the selector visits too many values")

    def apply(self, value: Any, steps: tuple[_Step, ...], at: int) -> Any:
        self.spend(1)
        if at == len(steps):
            return value
        step = steps[at]
        match step.kind:
            case "key":
                return self.apply(self.key(value, step.value), steps, at + 1)
            case "index":
                return self.apply(self.index(value, step.value), steps, at + 1)
            case "length":
                return self.apply(self.length(value), steps, at + 1)
            case "script":
                found = step.value(self, value)
                picked = self.key(value, found) if isinstance(found, str) else self.index(value, _integer(found))
                return self.apply(picked, steps, at + 1)
            case "deep":
                return self.deep(value, steps, at + 1)
        return self.many(self.chosen(step, value), step, steps, at + 1)

    def chosen(self, step: _Step, value: Any) -> list[Any]:
        match step.kind:
            case "all":
                return _members(value)
            case "filter":
                return [member for member in _members(value) if self.passes(step.value, member)]
            case "keys":
                if not isinstance(value, Mapping):
                    raise EvaluationError("a union of names needs an object")
                return [value[key] for key in step.value if key in value]
            case "range":
                return self.range(value, step.value)
        items = _list(value)
        indexes = [_integer(index(self, value) if callable(index) else index) for index in step.value]
        return [items[index] for index in indexes if -len(items) <= index < len(items)]

    def many(self, found: list[Any], step: _Step, steps: tuple[_Step, ...], at: int) -> Any:
        """Go on from each value, dropping those that lead nowhere; an index right behind counts in the list itself."""
        if at == len(steps):
            return found
        if steps[at].kind == "index" and step.kind != "all":
            return self.apply(found, steps, at)
        results = [self.attempt(value, steps, at) for value in found]
        return [result for result in results if result is not None]

    def attempt(self, value: Any, steps: tuple[_Step, ...], at: int) -> Any:
        try:
            return self.apply(value, steps, at)
        except EvaluationError:
            if self.left < 0:
                raise
            return None

    def deep(self, value: Any, steps: tuple[_Step, ...], at: int) -> list[Any]:
        if value is None:
            return []
        result = self.attempt(value, steps, at)
        found = list(result) if isinstance(result, list) and at < len(steps) else [] if result is None else [result]
        if isinstance(value, (Mapping, list)):
            for member in _members(value):
                found.extend(self.deep(member, steps, at))
        self.spend(len(found))
        return found

    def key(self, value: Any, key: str) -> Any:
        if not isinstance(value, Mapping):
            raise EvaluationError(f"there is no {key!r} in a value that is no object")
        if key not in value:
            raise EvaluationError(f"there is no key {key!r}")
        return value[key]

    def index(self, value: Any, index: int) -> Any:
        items = _list(value)
        if not -len(items) <= index < len(items):
            raise EvaluationError(f"index {index} is out of range, there are {len(items)} elements")
        return items[index]

    def length(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return value.get("length", len(value))
        if isinstance(value, (list, str)):
            return len(value)
        raise EvaluationError("only lists, objects and texts have a length")

    def range(self, value: Any, bounds: list[Any]) -> list[Any]:
        items = _list(value)
        numbers = [
            None if bound is None else _integer(bound(self, value) if callable(bound) else bound) for bound in bounds
        ]
        first, last, step = [*numbers, None][:3]
        if step == 0:
            raise EvaluationError("the step of a range must not be 0")
        selected = items[first:last]
        return selected[:: step or 1]

    def passes(self, expression: Callable[..., Any], member: Any) -> bool:
        try:
            result = expression(self, member)
        except EvaluationError:
            return False
        return bool(result) if not isinstance(result, float) else result != 0


def _members(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in sorted(value)]
    return _list(value)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise EvaluationError("a list is needed here")
    return value


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise EvaluationError("an integer is needed here")
    return int(value)


type _Evaluated = Callable[[_Walk, Any], Any]

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "=~", "in"),
    ("+", "-"),
    ("*", "/", "%"),
    ("**",),
)


class _Expression:
    """The parser of filters and scripts; the result is a function of the walk and the current value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def parse(self) -> _Evaluated:
        result = self.level(0)
        if self.text[self.position :].strip():
            raise _bad(self.text, f"{self.text[self.position : self.position + 10]!r} does not belong there")
        return result

    def peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.position)

    def take(self, *operators: str) -> str | None:
        token = self.peek()
        found = token["operator"] or token["word"] if token else None
        if token is None or found not in operators:
            return None
        self.position = token.end()
        return found

    def level(self, number: int) -> _Evaluated:
        if number == len(_LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while (operator := self.take(*_LEVELS[number])) is not None:
            left = _binary(operator, left, self.level(number + 1))
        return left

    def unary(self) -> _Evaluated:
        operator = self.take("!", "-", "(")
        if operator == "!":
            operand = self.unary()
            return lambda walk, value: not walk.passes(operand, value)
        if operator == "-":
            operand = self.unary()
            return lambda walk, value: -_number(operand(walk, value))
        if operator == "(":
            inner = self.level(0)
            if self.take(")") is None:
                raise _bad(self.text, "a parenthesis is not closed")
            return inner
        return self.primary()

    def primary(self) -> _Evaluated:
        token = self.peek()
        if token is None:
            raise _bad(self.text, "a value is missing")
        self.position = token.end()
        if token["path"]:
            steps, self.position = _steps(self.text, token.end(), inner=True)
            path = tuple(steps)
            if token["path"] == "$":
                return lambda walk, _: walk.apply(walk.root, path, 0)
            return lambda walk, value: walk.apply(value, path, 0)
        constant: Any
        if token["text"]:
            constant = _unquoted(token["text"])
        elif token["number"]:
            constant = float(token["number"])
        elif token["word"] in ("true", "false", "null", "nil"):
            constant = {"true": True, "false": False}.get(token["word"])
        else:
            raise _bad(self.text, f"{token.group().strip()!r} is no value")
        return lambda _, __: constant


def _binary(operator: str, left: _Evaluated, right: _Evaluated) -> _Evaluated:
    if operator == "||":
        return lambda walk, value: walk.passes(left, value) or walk.passes(right, value)
    if operator == "&&":
        return lambda walk, value: walk.passes(left, value) and walk.passes(right, value)
    operation = _OPERATIONS[operator]
    return lambda walk, value: operation(left(walk, value), right(walk, value))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EvaluationError("a number is needed here")
    return float(value)


def _same(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _before(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left < right
    return _number(left) < _number(right)


def _matches(left: Any, right: Any) -> bool:
    if not (isinstance(left, str) and isinstance(right, str)):
        raise EvaluationError("=~ needs two texts")
    return regex.compile(right).search(left)


def _divided(left: Any, right: Any) -> float:
    if _number(right) == 0:
        raise EvaluationError("division by zero")
    return _number(left) / _number(right)


def _rest(left: Any, right: Any) -> float:
    if _integer(right) == 0:
        raise EvaluationError("division by zero")
    return float(abs(_integer(left)) % abs(_integer(right)) * (1 if left >= 0 else -1))


def _power(left: Any, right: Any) -> float:
    try:
        return float(_number(left) ** _number(right))
    except (OverflowError, ZeroDivisionError, TypeError) as error:
        raise EvaluationError("the power is out of range") from error


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": _before,
    "<=": lambda left, right: _before(left, right) or _same(left, right),
    ">": lambda left, right: _before(right, left),
    ">=": lambda left, right: _before(right, left) or _same(left, right),
    "=~": _matches,
    "in": lambda left, right: any(_same(left, item) for item in _members(right)),
    "+": lambda left, right: (
        left + right if isinstance(left, str) and isinstance(right, str) else _number(left) + _number(right)
    ),
    "-": lambda left, right: _number(left) - _number(right),
    "*": lambda left, right: _number(left) * _number(right),
    "/": _divided,
    "%": _rest,
    "**": _power,
}
