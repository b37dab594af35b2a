"""Globs over paths, as bmatcuk/doublestar reads them; cases beside the shared ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import doublestar

FILES = ["a.yaml", "env/dev/values.yaml", "env/prod/values.yaml", "env/values.yaml", ".hidden/values.yaml"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("env/*/values.yaml", ["env/dev/values.yaml", "env/prod/values.yaml"]),
        ("env/**/values.yaml", ["env/dev/values.yaml", "env/prod/values.yaml", "env/values.yaml"]),
        ("**/values.yaml", [".hidden/values.yaml", "env/dev/values.yaml", "env/prod/values.yaml", "env/values.yaml"]),
        ("env/{dev,prod}/", ["env/dev/", "env/prod/"]),
        ("env/[!d]*", ["env/prod", "env/values.yaml"]),
        ("nothing/*", []),
    ],
)
def test_what_is_found(pattern: str, found: list[str]) -> None:
    assert doublestar.find(pattern, FILES) == found


@pytest.mark.parametrize("pattern", ["[", "[]", "[]a]", "a\\", "{a", "{a,{b}", "x" * 10_001])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(EvaluationError):
        doublestar.matches(pattern, "a")


@given(st.text(alphabet="ab*?[]{}!^-\\,/.", max_size=12), st.text(alphabet="ab/.", max_size=8))
def test_no_pattern_does_harm(pattern: str, path: str) -> None:
    try:
        assert doublestar.matches(pattern, path) in (True, False)
    except EvaluationError:
        return


@given(st.text(alphabet="ab-é ", min_size=1, max_size=8))
def test_a_path_matches_itself(path: str) -> None:
    assert doublestar.matches(path, path)
