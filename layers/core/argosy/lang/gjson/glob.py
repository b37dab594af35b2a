r"""Wildcards of gjson keys and of its `%` operator: `*` any run, `?` any one character, `\c` the character c.

Mirrors tidwall/match 1.1. That library gives up after a number of steps; this one needs no limit because it searches
each run between two stars once, from left to right.
"""

from __future__ import annotations

import functools
import re

__all__ = ["matches"]

_TOKEN = re.compile(r"\\(.?)|(\*+)|(\?)|([^\\*?]+)", re.DOTALL)


def matches(text: str, pattern: str) -> bool:
    """Tell whether the whole of `text` fits `pattern`."""
    if pattern == "*":
        return True
    pieces = _compile(pattern)
    if pieces is None:
        return False
    if len(pieces) == 1:
        return pieces[0].fullmatch(text) is not None
    head = pieces[0].match(text)
    if head is None:
        return False
    position = head.end()
    for piece in pieces[1:-1]:
        found = piece.search(text, position)
        if found is None:
            return False
        position = found.end()
    tail = pieces[-1]
    start = len(text) - _length(tail)
    return start >= position and tail.fullmatch(text, start) is not None


@functools.lru_cache(maxsize=512)
def _compile(pattern: str) -> tuple[re.Pattern[str], ...] | None:
    """Return one pattern of fixed length per run between stars, None for a pattern that nothing fits."""
    runs = [""]
    for match in _TOKEN.finditer(pattern):
        escaped, star, any_one, plain = match.groups()
        if star:
            runs.append("")
        elif any_one:
            runs[-1] += "."
        elif plain:
            runs[-1] += re.escape(plain)
        elif escaped:
            runs[-1] += re.escape(escaped)
        else:  # a backslash with nothing behind it
            return None
    return tuple(re.compile(run, re.DOTALL) for run in runs)


@functools.lru_cache(maxsize=1024)
def _length(piece: re.Pattern[str]) -> int:
    """Return how many characters a run takes; every element of it takes exactly one."""
    return len(re.sub(r"\\(.)", ".", piece.pattern, flags=re.DOTALL))
