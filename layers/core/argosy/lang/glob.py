"""Globs as gobwas/glob v0.2.3 reads them, which Argo matches file names, repositories, projects and roles with.

In: a pattern, a text and the characters that `*` and `?` do not cross; out: whether the pattern matches the whole text.
Called for `directory.include` and `exclude`, project rules and the like. The pattern becomes a regular expression of RE2,
so no pattern makes matching slow.

    *  any run of characters that are no separators     **  any run          ?  one character that is no separator
    [abc] [a-c] [!abc] [!a-c]  a class (`^` is an ordinary character; a list and a range do not mix)
    {a,b}  alternatives, patterns themselves             \\  takes the next character as it stands
"""

from __future__ import annotations

import functools
import re

from argosy.errors import EvaluationError
from argosy.lang import regex

__all__ = ["matches"]

_MAX_PATTERN = 10_000
_CLASS = re.compile(r"\[(!?)((?:\\.|[^\]\\])*)\]", re.DOTALL)


def matches(pattern: str, text: str, separators: str = "") -> bool:
    """Whether `pattern` matches the whole of `text`. Raises EvaluationError for what is no pattern."""
    return _compiled(pattern, separators).search(text)


@functools.lru_cache(maxsize=1024)
def _compiled(pattern: str, separators: str) -> regex.Pattern:
    if len(pattern) > _MAX_PATTERN:
        raise EvaluationError(f"glob {pattern[:40]!r}… is longer than {_MAX_PATTERN} characters")
    one = f"[^{regex.quoted(separators)}]" if separators else "."
    text = _translated(pattern, one)
    if pattern == "?" or (pattern.startswith("[!") and _CLASS.fullmatch(pattern)):
        text += "?"  # Go takes the end of a text for a character when nothing else stands in the pattern
    return regex.compile(rf"(?s)\A(?:{text})\z")


def _translated(pattern: str, one: str) -> str:
    out: list[str] = []
    depth = at = 0
    while at < len(pattern):
        char = pattern[at]
        width = 1
        if char == "\\":
            out.append(regex.quoted(pattern[at + 1 : at + 2]))
            width = 2
        elif char == "*":
            width = 2 if pattern.startswith("**", at) else 1
            out.append(".*" if width == 2 else f"{one}*")
        elif char == "?":
            out.append(one)
        elif char == "[":
            text, width = _class(pattern, at)
            out.append(text)
        elif char == "{":
            out.append("(?:")
            depth += 1
        elif char in "},|" and depth:
            out.append({"}": ")", ",": "|"}.get(char, r"\|"))
            depth -= char == "}"
        else:
            out.append(regex.quoted(char))
        at += width
    return "".join(out) + ")" * depth  # as in Go, an alternative that is not closed ends with the pattern


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class as RE2 writes it, and how long it is in the pattern."""
    found = _CLASS.match(pattern, at)
    inner = found[2] if found else ""
    if not found or not inner:
        raise EvaluationError(f"glob {pattern!r}: the class at character {at + 1} is empty or not closed")
    shut = "^" if found[1] else ""
    if len(inner) == 3 and inner[1] == "-" and "\\" not in inner:
        if inner[0] > inner[2]:
            raise EvaluationError(f"glob {pattern!r}: the range {inner} runs backwards")
        return f"[{shut}{regex.quoted(inner[0])}-{regex.quoted(inner[2])}]", len(found[0])
    listed = re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)
    if "-" in inner and not inner.startswith("-"):
        raise EvaluationError(f"glob {pattern!r}: the class [{inner}] mixes a list and a range")
    return f"[{shut}{regex.quoted(listed)}]", len(found[0])
