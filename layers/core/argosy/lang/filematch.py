"""Patterns of file names as Go's `filepath.Match` reads them.

In: a pattern and a name; out: whether the pattern matches the whole name. Called for files of webhooks' commits and for the
kinds that a project lists. The pattern becomes a regular expression of RE2, so no pattern makes matching slow.

    *  any run without `/`     ?  one character but `/`     [abc] [a-c] [^abc]  a class, which may be `/`
    \\  takes the next character as it stands
"""

from __future__ import annotations

import functools
from typing import Final

from argosy.errors import EvaluationError
from argosy.lang import regex

__all__ = ["matches"]

_MAX_PATTERN: Final = 10_000


def matches(pattern: str, name: str) -> bool:
    """Whether `pattern` matches the whole of `name`. Raises EvaluationError for what is no pattern."""
    return _compiled(pattern).search(name)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern:
    if len(pattern) > _MAX_PATTERN:
        raise EvaluationError(f"pattern {pattern[:40]!r}… is longer than {_MAX_PATTERN} characters")
    out: list[str] = []
    at = 0
    while at < len(pattern):
        char, width = pattern[at], 1
        if char == "[":
            text, width = _class(pattern, at)
            out.append(text)
        elif char == "\\":
            out.append(regex.quoted(_escaped(pattern, at)))
            width = 2
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(char) or regex.quoted(char))
        at += width
    return regex.compile(rf"(?s)\A(?:{''.join(out)})\z")


def _escaped(pattern: str, at: int) -> str:
    """The character behind a backslash."""
    if at + 1 >= len(pattern):
        raise EvaluationError(f"pattern {pattern!r} ends with a backslash")
    return pattern[at + 1]


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class as RE2 writes it, and how many characters of the pattern it takes (`matchChunk`)."""
    end = at + 1
    negated = pattern[end : end + 1] == "^"
    end += negated
    items: list[str] = []
    while not (pattern[end : end + 1] == "]" and items):
        low, end = _member(pattern, end)
        high = low
        if pattern[end : end + 1] == "-":
            high, end = _member(pattern, end + 1)
        if low <= high:  # as in Go, a range that runs backwards holds nothing
            items.append(f"{regex.quoted(low)}-{regex.quoted(high)}")
        else:
            items.append("")
    body = "".join(items)
    if not body:
        return (r"(?s:.)" if negated else r"[^\x00-\x{10FFFF}]"), end + 1 - at
    return f"[{'^' if negated else ''}{body}]", end + 1 - at


def _member(pattern: str, at: int) -> tuple[str, int]:
    """One character of a class, and the place behind it (`getEsc`)."""
    char = pattern[at : at + 1]
    if not char or char in "-]":
        raise EvaluationError(f"pattern {pattern!r} has a class that is empty or not closed")
    if char == "\\":
        return _escaped(pattern, at), at + 2
    return char, at + 1
