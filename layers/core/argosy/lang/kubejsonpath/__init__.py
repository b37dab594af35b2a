"""Kubernetes' JSONPath on decoded JSON: the first value that a template such as `{$.items[?(@.ok==true)].name}` finds.

In: a document and a template; out: the value. Behaves as `k8s.io/client-go/util/jsonpath` v0.29.3, which Argo Rollouts 1.8
reads the answers of web metrics with; tests/unit/lang/golden/kubejsonpath.json has what the Go original says. Each step
has a list of values behind it: a field takes those that have it, and is an error where none has.

It is another language than `argosy.lang.jsonpath`, that of Argo Events: here a template has text around its braces, `range`
and `end`, filters know one comparison, `['a.b']` is the field b of a, and there are neither scripts nor `length`.

On purpose different: numbers are compared as numbers, where Go refuses to compare 1 with what JSON has, a float; members of
an object come in the order of the document, where Go has none.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.kubejsonpath.parser import Node, parsed

__all__ = ["first"]

type Values = list[Any]

_MOST_VALUES: Final = 200_000
_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class _Stopped(EvaluationError):
    """A step could not be taken; `left` is what it was taken with, which a filter without a comparison goes by."""

    def __init__(self, reason: str, left: Values) -> None:
        super().__init__(reason)
        self.left = left


def first(document: object, template: str) -> object:
    """The first value that a template finds. Raises EvaluationError when it is wrong, or finds none."""
    try:
        found = _Walk(parsed(template)).blocks(document, 0)
    except RecursionError:
        raise EvaluationError(f"JSONPath {template[:60]!r} is nested too deep") from None
    for value in (value for values in found for value in values):
        return value
    raise EvaluationError(f"JSONPath {template[:80]!r} produced no value")


class _Walk:
    """One walk through one document."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes, self._left = nodes, _MOST_VALUES
        self._begins = self._within = self._ends = 0
        self._last_end = -1

    def blocks(self, document: Any, at: int) -> list[Values]:
        """What each block from `at` on finds; those between `range` and `end` once for each value of the range."""
        found: list[Values] = []
        while at < len(self._nodes):
            values = self.walk([document], self._nodes[at])
            if 0 < self._ends <= self._within:
                self._ends -= 1
                self._last_end = at
                break
            if self._begins:
                self._begins -= 1
                self._within += 1
                for value in values:
                    found += self.blocks(value, at + 1)
                if not values:  # only to find the end
                    self.blocks(None, at + 1)
                self._within -= 1
                at = max(at, self._last_end)
            else:
                found.append(values)
            at += 1
        return found

    def walk(self, values: Values, node: Node) -> Values:
        """The values after one step. Raises `_Stopped`."""
        self._left -= len(values) + 1
        if self._left < 0:
            raise EvaluationError("the JSONPath visits too many values")
        match node.kind:
            case "list":
                for one in node.value:
                    values = self.walk(values, one)
                return values
            case "text":
                return [node.value]
            case "constant":
                return [node.value] * len(values)
            case "word":
                return self._word(values, node.value)
            case "union":
                return self._union(values, node.value)
        return self._chosen(values, node)

    def _chosen(self, values: Values, node: Node) -> Values:
        match node.kind:
            case "field":
                return _field(values, node.value)
            case "slice":
                return _sliced(values, *node.value)
            case "filter":
                return [one for value in values for one in self._filtered(value, node.value, values)]
            case "deep":
                return [one for value in values for one in self._containers(value)]
        return [one for value in values for one in _members(value)]

    def _word(self, values: Values, word: str) -> Values:
        if word == "range":
            self._begins += 1
            return values
        if word != "end":
            raise _Stopped(f"{word!r} is none of range and end", values)
        if not self._within:
            raise _Stopped("not in range, nothing to end", [])
        self._ends += 1
        return []

    def _union(self, values: Values, parts: Sequence[Node]) -> Values:
        try:
            return [one for part in parts for one in self.walk(values, part)]
        except _Stopped as x:
            raise _Stopped(str(x), values) from x

    def _filtered(self, value: Any, compared: tuple[Node, str, Node | None], values: Values) -> Iterator[Any]:
        if not isinstance(value, list):
            raise _Stopped("a list is needed for a filter", values)
        left, comparison, right = compared
        for one in value:
            if right is None:
                if self._exists(one, left):
                    yield one
                continue
            lefts = self._single(one, left, values)
            rights = self._single(one, right, values) if lefts else []
            if lefts and rights and _holds(lefts[0], comparison, rights[0]):
                yield one

    def _exists(self, value: Any, path: Node) -> bool:
        try:
            return bool(self.walk([value], path))
        except _Stopped as x:
            return bool(x.left)

    def _single(self, value: Any, path: Node, values: Values) -> Values:
        try:
            found = self.walk([value], path)
        except _Stopped as x:
            raise _Stopped(str(x), values) from x
        if len(found) > 1:
            raise _Stopped("can only compare one element at a time", values)
        return found

    def _containers(self, value: Any) -> Iterator[Any]:
        """The value and all within it that hold something themselves."""
        left = [value]
        while left:
            one = left.pop()
            members = _members(one)
            self._left -= len(members)
            if self._left < 0:
                raise EvaluationError("the JSONPath visits too many values")
            if members:
                yield one
                left.extend(reversed(members))


def _field(values: Values, name: str) -> Values:
    found = [value[name] for value in values if isinstance(value, Mapping) and name in value]
    if values and not found:
        raise _Stopped(f"{name} is not found", [])
    return found


def _sliced(values: Values, first: int | None, last: int | None, step: int | None) -> Values:
    found: Values = []
    for value in values:
        if value is None:
            continue
        if not isinstance(value, list):
            raise _Stopped("a list is needed for an index", values)
        count = len(value)
        begin, end = first or 0, count if last is None else last
        begin, end = begin + count if begin < 0 else begin, end + count if end < 0 else end
        if begin == end:
            return found  # Go looks at no further list then
        if not (0 <= begin < count and 0 <= end <= count and begin < end):
            raise _Stopped(f"array index out of bounds: {begin} to {end}, length {count}", values)
        if step is not None and step <= 0:
            raise _Stopped("the step of a range must be > 0", values)
        found += value[begin : end : step or 1]
    return found


def _members(value: Any) -> Values:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, str):
        return list(value.encode())  # Go ranges over the bytes
    return value if isinstance(value, list) else []


def _kind(value: Any) -> type | None:
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, int | float) else str if isinstance(value, str) else None


def _holds(left: Any, comparison: str, right: Any) -> bool:
    if comparison not in _OPERATORS:
        raise _Stopped(f"unrecognized filter operator {comparison}", [])
    kind = _kind(left)
    if kind is None or kind is not _kind(right) or (kind is bool and comparison not in ("==", "!=")):
        raise _Stopped("incompatible types for comparison", [])
    return _OPERATORS[comparison](left, right)
