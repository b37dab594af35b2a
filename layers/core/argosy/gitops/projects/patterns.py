"""Patterns as Argo's settings and projects hold them: globs, denials, regular expressions.

In: patterns and a text; out: whether it matches. Follows `util/glob` and `globMatch` of
`pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6. A pattern that cannot be read matches nothing, as there: nobody is
there to be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

from argosy.errors import EvaluationError
from argosy.lang import glob, lookaround

__all__ = ["Mode", "any_matches", "glob_matches", "is_denial", "permits"]

type Mode = Literal["exact", "glob", "regexp"]


def is_denial(pattern: str) -> bool:
    """Whether a pattern says what is not permitted."""
    return pattern.startswith("!")


def permits(pattern: str, text: str, *, negation: bool = True, separators: str = "") -> bool:
    """Whether a project's pattern takes `text`; with `negation`, `!` before a pattern turns it round."""
    if negation and is_denial(pattern):
        return not glob_matches(pattern[1:], text, separators)
    return pattern == "*" or glob_matches(pattern, text, separators)


@lru_cache(4096)
def glob_matches(pattern: str, text: str, separators: str = "") -> bool:
    """Whether a glob matches; False for what is none."""
    if pattern == "*" and not separators:
        return True
    try:
        return glob.matches(pattern, text, separators)
    except EvaluationError:
        return False


def any_matches(patterns: Iterable[str], text: str, mode: Mode) -> bool:
    """Whether one of a list matches (MatchStringInList); `regexp`: those between slashes are regular expressions too."""
    if mode == "exact":
        return text in patterns
    return any(
        glob_matches(one, text)
        or (mode == "regexp" and len(one) > 1 and one[0] == one[-1] == "/" and _found(one[1:-1], text))
        for one in patterns
    )


def _found(pattern: str, text: str) -> bool:
    try:
        return lookaround.search(pattern, text)
    except EvaluationError:
        return False
