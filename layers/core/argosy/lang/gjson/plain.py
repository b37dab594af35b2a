"""The quick way for plain dotted paths such as `body.message` or `items.0.id`.

In: raw JSON text and the parts of the path; out: a `Result`, or None when this way cannot tell (a missing key, a
wildcard's work, text that is no JSON), so that the complete engine decides. It stands on the hot path of every sensor
decision and therefore reads keys and skips values with the C scanner of the json module.
"""

from __future__ import annotations

from typing import NamedTuple

from argosy.lang.gjson.paths import object_part
from argosy.lang.gjson.result import Kind, Result
from argosy.lang.gjson.scan import scan_string, scan_value

__all__ = ["Step", "find", "steps"]

_LITERAL_KINDS = {"t": Kind.TRUE, "f": Kind.FALSE, "n": Kind.NULL, "{": Kind.JSON, "[": Kind.JSON}
_BLANK = " \t\n\r"
_MAX_STEPS = 64


class Step(NamedTuple):
    """One part of a plain path: a key, and the array index it also is, -1 if it is none."""

    key: str
    number: int


def steps(path: str) -> tuple[Step, ...] | None:
    """Split a plain path in its parts; None when the path has anything that only the complete engine understands."""
    if path[:1] in ("", "@", "!", "[", "{", ".") or "\ufffd" in path:
        return None
    found: list[Step] = []
    rest = path
    while len(found) < _MAX_STEPS:
        part = object_part(rest)
        if part.wild or part.pipe is not None:
            return None
        escaped = "\\" in (rest[: -len(part.path) - 1] if part.more else rest)
        digits = part.part.isascii() and part.part.isdigit() and len(part.part) < 10 and not escaped
        found.append(Step(part.part, int(part.part) if digits else -1))
        if not part.more:
            return tuple(found)
        rest = part.path
    return None


def find(text: str, path: tuple[Step, ...]) -> Result | None:
    """Follow a plain path through a JSON text."""
    try:
        start = 0
        while text[start] in _BLANK:
            start += 1
        for key, index in path:
            if text[start] == "{":
                start = _member(text, start + 1, key)
            elif index >= 0 and text[start] == "[":
                start = _element(text, start + 1, index)
            else:
                return None
            if start < 0:
                return None
        return _take(text, start)
    except (IndexError, ValueError, StopIteration, RecursionError):
        return None


def _member(text: str, i: int, key: str) -> int:
    """Return where the value of a key begins in the object whose brace ends at `i`; -1 when the key is not there."""
    while True:
        while text[i] != '"':
            if text[i] not in _BLANK:
                return -1
            i += 1
        name, i = scan_string(text, i + 1, True)
        while text[i] != ":":
            if text[i] not in _BLANK:
                return -1
            i += 1
        i += 1
        while text[i] in _BLANK:
            i += 1
        if name == key:
            return i
        i = scan_value(text, i)[1]
        while text[i] != ",":
            if text[i] not in _BLANK:
                return -1
            i += 1
        i += 1


def _element(text: str, i: int, index: int) -> int:
    """Return where an element begins in the array whose bracket ends at `i`; -1 when there are too few."""
    while True:
        while text[i] in _BLANK:
            i += 1
        if text[i] == "]":
            return -1
        if index == 0:
            return i
        index -= 1
        i = scan_value(text, i)[1]
        while text[i] != ",":
            if text[i] not in _BLANK:
                return -1
            i += 1
        i += 1


def _take(text: str, start: int) -> Result | None:
    first = text[start]
    if first == '"':
        value, end = scan_string(text, start + 1, True)
        raw = text[start:end]
        result = Result(Kind.STRING, raw, start, None if "\\" in raw else value)
    else:
        end = scan_value(text, start)[1]
        kind = _LITERAL_KINDS.get(first)
        if kind is None:
            if first not in "-0123456789" or text[start:end] == "-Infinity":
                return None
            kind = Kind.NUMBER
        result = Result(kind, text[start:end], start)
    result.index = start
    return result
