r"""Parsing of gjson paths, one part at a time, cached by text.

A path is read from the left while the document is walked, because what a part means depends on what it meets: `0` is a
key of an object and an index of an array, `*` is a wildcard only in keys. Mirrors `parseObjectPath`, `parseArrayPath`,
`parseQuery` and `parseSubSelectors` of tidwall/gjson 1.19.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from argosy.lang.gjson.scan import decode_string, trim

__all__ = [
    "MODIFIER_NAMES",
    "ArrayPart",
    "ObjectPart",
    "Query",
    "Selector",
    "array_part",
    "balanced_end",
    "object_part",
    "split_pipe",
    "sub_selectors",
]

MODIFIER_NAMES = frozenset(
    (
        "dig",
        "flatten",
        "fromstr",
        "group",
        "join",
        "keys",
        "pretty",
        "reverse",
        "this",
        "tostr",
        "ugly",
        "valid",
        "values",
    )
)

_MODIFIER_END = re.compile(r"[.|:]")
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)


class ObjectPart(NamedTuple):
    """One key: its text without escapes, and what follows (`path` after a dot, `pipe` after a bar)."""

    part: str
    path: str = ""
    pipe: str | None = None
    wild: bool = False
    more: bool = False


class Query(NamedTuple):
    """The inside of `#(...)`: path, operator and value; `every` for `#(...)#`."""

    path: str
    operator: str
    value: str
    every: bool


class ArrayPart(NamedTuple):
    """One step into an array: an index, `#` (count), `#.key` (collect) or a query."""

    part: str
    path: str = ""
    pipe: str | None = None
    more: bool = False
    hashed: bool = False  # a # stands somewhere in the part, so it is no index
    collect: str | None = None
    query: Query | None = None

    @property
    def number(self) -> int:
        """The array index, -1 when the part is none."""
        if self.hashed or not (self.part.isascii() and self.part.isdigit()) or len(self.part) > 18:
            return -1
        return int(self.part)


class Selector(NamedTuple):
    """One member of a multipath: its path and the name it was given, if any."""

    name: str
    path: str


def _opens_pipe(rest: str) -> bool:
    """A dot before a modifier or a multipath works as a bar."""
    if rest[:1] == "@":
        end = _MODIFIER_END.search(rest, 1)
        return rest[1 : end.start() if end else len(rest)] in MODIFIER_NAMES
    return rest[:1] in ("[", "{")


@functools.lru_cache(maxsize=4096)
def object_part(path: str) -> ObjectPart:
    """Split the first key off a path."""
    part: list[str] = []
    wild = escaped = False
    i = 0
    while i < len(path):
        char = path[i]
        if char == "|":
            return ObjectPart("".join(part), pipe=path[i + 1 :], wild=wild)
        if char == ".":
            rest = path[i + 1 :]
            if _opens_pipe(rest):
                return ObjectPart("".join(part), pipe=rest, wild=wild)
            return ObjectPart("".join(part), path=rest, wild=wild, more=True)
        if char == "\\":
            # The character behind a first backslash is taken as it is; in a pattern it keeps no escape, as in gjson.
            i += 1
            part.append(path[i : i + 1])
            escaped = True
        else:
            wild = wild or char in "*?"
            part.append(char)
        i += 1
    return ObjectPart("".join(part) if escaped else path, wild=wild)


@functools.lru_cache(maxsize=4096)
def array_part(path: str) -> ArrayPart:
    """Split the first step into an array off a path."""
    hashed = False
    collect: str | None = None
    query: Query | None = None
    i = 0
    while i < len(path):
        char = path[i]
        if char == "|":
            return ArrayPart(path[:i], pipe=path[i + 1 :], hashed=hashed, collect=collect, query=query)
        if char == ".":
            rest = path[i + 1 :]
            if not hashed and _opens_pipe(rest):
                return ArrayPart(path[:i], pipe=rest, hashed=hashed, collect=collect, query=query)
            return ArrayPart(path[:i], rest, more=True, hashed=hashed, collect=collect, query=query)
        if char == "#":
            hashed = True
            if i == 0 and path[1:2] == ".":
                collect = path[2:]
            elif i == 0 and path[1:2] in ("[", "("):
                query, end = _query(path)
                if end < 0:
                    break
                i = end - 1
        i += 1
    return ArrayPart(path, hashed=hashed, collect=collect, query=query)


def _query(path: str) -> tuple[Query, int]:
    """Read `#(...)` at the start of a path; returns the query and where it ends, -1 when it is not closed."""
    value_at, i = _query_bounds(path)
    if i >= len(path):
        return Query("", "", "", every=False), -1
    every = path[i + 1 : i + 2] == "#"
    if not value_at:
        return Query(trim(path[2:i]), "", "", every), i + 1
    operator, value = _operator(trim(path[value_at:i]))
    if len(value) >= 2 and value[0] == '"' and value[-1] == '"':
        value = decode_string(value)
    return Query(trim(path[2:value_at]), operator, value, every), i + 1


def _query_bounds(path: str) -> tuple[int, int]:
    """Return where the operator of a query stands, 0 if it has none, and its closing bracket, or the end of the path."""
    i, depth, value_at = 2, 1, 0
    while i < len(path):
        char = path[i]
        if depth == 1 and not value_at and char in "!=<>%":
            value_at = i
        elif char == "\\":
            i += 1
        elif char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
            if depth == 0:
                return value_at, i
        elif char == '"':
            i += len(_quoted(path, i)) - 1
        i += 1
    return value_at, len(path)


def _quoted(path: str, start: int) -> str:
    match = _QUOTED.match(path, start)
    return match.group() if match else path[start:]


def _operator(text: str) -> tuple[str, str]:
    if len(text) > 1 and text.startswith("=="):
        text = text[1:]
        size = 1
    else:
        size = 2 if text[:2] in ("!=", "!%", "<=", ">=") else 1 if len(text) == 1 or text[0] != "!" else 0
    return text[:size], trim(text[size:])


def split_pipe(path: str) -> tuple[str, str | None]:
    """Split at the first bar that stands outside of queries; the right side is None when there is none."""
    if "|" not in path:
        return path, None
    if path[0] == "{":
        end = balanced_end(path, 1)
        return (path[:end], path[end + 1 :]) if path[end : end + 1] == "|" else (path, None)
    i = 0
    while i < len(path):
        char = path[i]
        if char == "\\":
            i += 1
        elif char == ".":
            if path[i + 1 : i + 3] in ("#[", "#("):
                i = _selector_end(path, i + 2)
            elif path[i + 1 : i + 2] == "#":
                i += 2  # and so past a bar right behind the #, which then belongs to the collected path
        elif char == "|":
            return path[:i], path[i + 1 :]
        i += 1
    return path, None


def balanced_end(path: str, start: int) -> int:
    """Return where the bracketed or quoted text at `start` ends; whatever stands at `start` counts as the open bracket."""
    if path[start : start + 1] == '"':
        return start + len(_quoted(path, start))
    depth, i = 1, start + 1
    while i < len(path):
        char = path[i]
        if char == '"':
            i += len(_quoted(path, i)) - 1
        elif char in "{[(":
            depth += 1
        elif char in "}])":
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return len(path)


def _selector_end(path: str, start: int) -> int:
    """Return the index of the bracket that closes the one at `start`."""
    opening = path[start]
    closing = "]" if opening == "[" else ")"
    depth, i = 0, start
    while i < len(path):
        char = path[i]
        if char == "\\":
            i += 1
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return i
        elif char == '"':
            i += len(_quoted(path, i)) - 1
        i += 1
    return i


def sub_selectors(path: str) -> tuple[list[Selector], str] | None:
    """Split a multipath `[a,b]` or `{a,"n":b}` in its members and what follows it; None when it is not closed."""
    members: list[Selector] = []
    depth, start, i = 1, 1, 1
    while i < len(path):
        char = path[i]
        if char == "\\":
            i += 1
        elif char == '"':
            i += len(_quoted(path, i)) - 1
        elif char in "[({":
            depth += 1
        elif char in "])}":
            depth -= 1
        if depth == 0 or (char == "," and depth == 1):
            members.append(_selector(path, start, i))
            if depth == 0:
                return members, path[i + 1 :]
            start = i + 1
        i += 1
    return None


def _selector(path: str, start: int, end: int) -> Selector:
    """Split the name off a member; a colon inside of brackets or behind a modifier belongs to the path."""
    depth, i = 0, start
    while i < end:
        char = path[i]
        if char == "\\":
            i += 1
        elif char == '"':
            i += len(_quoted(path, i)) - 1
        elif char == "@" and path[i - 1] in ".|":
            break
        elif char in "[({":
            depth += 1
        elif char in "])}":
            depth -= 1
        elif char == ":" and depth == 0:
            return Selector(path[start:i], path[i + 1 : end])
        i += 1
    return Selector("", path[start:end])
