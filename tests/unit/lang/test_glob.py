"""Globs as gobwas/glob reads them; the cases were tried with the Go library."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang import glob


@pytest.mark.parametrize(
    ("pattern", "text", "separators", "expected"),
    [
        ("abc", "abc", "", True),
        ("abc", "ABC", "", False),
        ("", "", "", True),
        ("*", "", "", True),
        ("*", "a/b", "", True),
        ("*", "a/b", "/", False),
        ("**", "a/b", "/", True),
        ("*/c", "a/b/c", "/", False),
        ("**/c", "a/b/c", "/", True),
        ("a?c", "a/c", "", True),
        ("a?c", "a/c", "/", False),
        ("?", "", "", True),
        ("??", "a", "", False),
        ("[abc]x", "bx", "", True),
        ("[!abc]x", "bx", "", False),
        ("[a-c]", "d", "", False),
        ("[!a-c]", "d", "", True),
        ("[!a]", "", "", True),
        ("[^a]", "^", "", True),
        ("[/]", "/", "/", True),
        ("*.{yaml,yml}", "a.yml", "", True),
        ("{a{b,c},d}", "ac", "", True),
        ("{a,}b", "b", "", True),
        ("{a,b", "b", "", True),
        ("a}", "a}", "", True),
        ("a,b", "a,b", "", True),
        (r"\*", "*", "", True),
        (r"\*", "a", "", False),
        (r"\{a\}", "{a}", "", True),
        ("a|b", "a|b", "", True),
        ("é*", "école", "", True),
        (".+", "xx", "", False),
    ],
)
def test_matching(pattern: str, text: str, separators: str, *, expected: bool) -> None:
    assert glob.matches(pattern, text, separators) is expected


@pytest.mark.parametrize("pattern", ["[", "[]", "[a", "[a-", "[c-a]", "[a-c-e]", "x" * 20_000])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="glob"):
        glob.matches(pattern, "x")


def test_many_stars_cost_nothing() -> None:
    assert not glob.matches("*a" * 200 + "b", "a" * 5_000)
