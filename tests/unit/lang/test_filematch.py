"""Patterns of file names, and regular expressions that look around."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang import filematch, lookaround


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("a*", "abc", True),
        ("a*", "a/c", False),
        ("*", "", True),
        ("a?c", "a/c", False),
        ("a?c", "aéc", True),
        ("[a-c]", "b", True),
        ("[^a-c]", "b", False),
        ("[]a]", "]", None),
        (r"[\]a]", "]", True),
        ("[c-a]", "b", False),
        ("[^c-a]", "b", True),
        (r"\*", "*", True),
        ("{a,b}", "a", False),
        ("[a", "a", None),
        ("a\\", "a", None),
        ("[-]", "-", None),
    ],
)
def test_names_of_files(pattern: str, name: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(EvaluationError):
            filematch.matches(pattern, name)
    else:
        assert filematch.matches(pattern, name) is found


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a+", "baa", True),
        ("^(?!no).*$", "yes", True),
        ("^(?!no).*$", "no", False),
        (r"^((?!\|).)*$", "a|b", False),
        ("(?<=a)b", "ab", True),
        (r"(a)\1", "aa", True),
        ("(", "", None),
        (r"((a|b)\2)+", "aabb", None),
        ("(?!x)a*a*a*a*b", "aaa", None),
        ("(?!x)" + "a" * 500, "a", None),
        ("(?!x)a", "a" * 301, None),
    ],
)
def test_looking_around(pattern: str, text: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(EvaluationError):
            lookaround.search(pattern, text)
    else:
        assert lookaround.search(pattern, text) is found
