"""Regular expressions that may look around, as Argo CD reads those in lists of namespaces (dlclark/regexp2).

In: a pattern and a text; out: whether it matches anywhere. RE2 takes all patterns but those with lookaround and back
references; such a one is run by Python, which goes back and tries again, so it is taken only if that stays cheap: it is
short, the text too, no repeated group repeats or chooses within itself, and there are few repetitions in all.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from argosy.errors import EvaluationError
from argosy.lang import regex

__all__ = ["search"]

_MAX_PATTERN: Final = 500
_MAX_TEXT: Final = 300
_MOST_REPETITIONS: Final = 3
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|:|P?<\w+>)|[(){|*+?]|.", re.DOTALL)


def search(pattern: str, text: str) -> bool:
    """Whether `pattern` matches anywhere in `text`. Raises EvaluationError for a pattern that is wrong or not cheap."""
    try:
        return regex.compile(pattern).search(text)
    except EvaluationError:
        found = _cheap(pattern)
    if len(text) > _MAX_TEXT:
        raise EvaluationError(f"a text of {len(text)} characters is too long for pattern {pattern!r}")
    return found.search(text) is not None


@functools.lru_cache(maxsize=256)
def _cheap(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _MAX_PATTERN:
        raise EvaluationError(f"pattern {pattern[:40]!r}… is longer than {_MAX_PATTERN} characters")
    _check_cost(pattern)
    try:
        return re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as x:
        raise EvaluationError(f"pattern {pattern!r} is no regular expression: {x}") from x


def _check_cost(pattern: str) -> None:
    """Raise EvaluationError for a pattern that could be tried in too many ways."""
    open_groups: list[bool] = []  # for each: whether it repeats or chooses within
    closed = False
    repetitions = 0
    for piece in _TOKEN.findall(pattern):
        if piece in ("*", "+", "{", "?"):
            repetitions += piece != "?"
            if closed and piece != "?":
                raise EvaluationError(f"pattern {pattern!r} repeats a group that repeats or chooses within itself")
            open_groups = [True] * len(open_groups)
        elif piece == "|":
            open_groups = [True] * len(open_groups)
        closed = False
        if piece.startswith("("):
            open_groups.append(False)
        elif piece == ")" and open_groups:
            closed = open_groups.pop()
    if repetitions > _MOST_REPETITIONS:
        raise EvaluationError(f"pattern {pattern!r} has more than {_MOST_REPETITIONS} repetitions")
