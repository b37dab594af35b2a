"""Globs over paths as bmatcuk/doublestar v4.10 reads them, which Argo CD finds files of repositories with.

In: a pattern, and a path or the files of a tree; out: whether the whole path matches, or what is found. Called for Helm's
value files. The separator is `/`. The pattern becomes a regular expression of RE2, so no pattern makes matching slow.

    *  any run within a part     **  as a whole part: any number of parts, also none; elsewhere as *     ?  one character
    [abc] [a-c] [!abc] [^abc]  a class     {a,b}  alternatives, patterns themselves     \\  takes the next character as it is
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Final

from argosy.errors import EvaluationError
from argosy.lang import regex

__all__ = ["find", "matches"]

_MAX_PATTERN: Final = 10_000
_PART: Final = "[^/]*"
_PARTS: Final = "(?:[^/]*/)*"


def matches(pattern: str, path: str) -> bool:
    """Whether `pattern` matches the whole of `path`. Raises EvaluationError for what is no pattern."""
    return _compiled(pattern).search(path)


def find(pattern: str, files: Iterable[str]) -> list[str]:
    """The paths of a tree that match, sorted: its files, and the folders that they lie in (`Glob`).

    A pattern that ends with `/` finds folders, written as it is. Raises EvaluationError for what is no pattern.
    """
    paths = set(files)
    folders = {path[:at] for path in paths for at, char in enumerate(path) if char == "/"}
    there = {f"{folder}/" for folder in folders} if pattern.endswith("/") else paths | folders
    found = _compiled(pattern)
    return sorted(path for path in there if found.search(path))


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str) -> regex.Pattern:
    if len(pattern) > _MAX_PATTERN:
        raise EvaluationError(f"glob {pattern[:40]!r}… is longer than {_MAX_PATTERN} characters")
    return regex.compile(rf"(?s)\A(?:{_translated(pattern)})\z")


def _translated(pattern: str) -> str:
    out: list[str] = []
    depth = at = 0
    while at < len(pattern):
        char, width = pattern[at], 1
        if char == "\\":
            if at + 1 == len(pattern):
                raise EvaluationError(f"glob {pattern!r} ends with a backslash")
            out.append(regex.quoted(pattern[at + 1]))
            width = 2
        elif char == "*":
            text, width = _star(pattern, at, out)
            out.append(text)
        elif char == "?":
            out.append("[^/]")
        elif char == "[":
            text, width = _class(pattern, at)
            out.append(text)
        elif char == "{" or (depth and char in ",}"):
            depth += {"{": 1, "}": -1}.get(char, 0)
            out.append({"{": "(?:", ",": "|", "}": ")"}[char])
        else:
            out.append(char if char == "/" else regex.quoted(char))
        at += width
    if depth:
        raise EvaluationError(f"glob {pattern!r} has a brace that is not closed")
    return "".join(out)


def _star(pattern: str, at: int, out: list[str]) -> tuple[str, int]:
    """One star, or two; two that are a whole part take the separator beside them along."""
    if not pattern.startswith("**", at):
        return _PART, 1
    before, after = pattern[at - 1] if at else "", pattern[at + 2 : at + 3]
    if before not in ("", "/", "{", ",") or after not in ("", "/", "}", ","):
        return _PART, 2
    if after == "/":
        return _PARTS, 3
    if before == "/" and out and out[-1] == "/":
        out.pop()
        return "(?:/.*)?", 2
    return ".*", 2


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class, and how many characters it takes."""
    end = at + 1
    negated = pattern[end : end + 1] in ("!", "^") and bool(pattern[end : end + 1])
    end += negated
    items: list[str] = []
    while end < len(pattern) and pattern[end] != "]":
        if pattern[end] == "\\":
            end += 1
        if end >= len(pattern):
            break
        items.append(pattern[end] if pattern[end - 1] != "\\" and pattern[end] == "-" else regex.quoted(pattern[end]))
        end += 1
    if end >= len(pattern) or not items:
        raise EvaluationError(f"glob {pattern!r} has a class that is empty or not closed")
    if items[0] == "-":
        items[0] = r"\-"
    if items[-1] == "-":
        items[-1] = r"\-"
    return f"[{'^' if negated else ''}{''.join(items)}]", end - at + 1
