"""Go regular expressions on RE2."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import regex


@pytest.mark.parametrize(
    ("pattern", "text", "match"),
    [
        ("^abc$", "abc\n", None),
        ("(a)(b)?", "xa", ["a", "a", None]),
        ("(?i)HELLO", "say hello", ["hello"]),
        ("a{2,3}", "aaaa", ["aaa"]),
        ("\\pL+", "1éa", ["éa"]),
    ],
)
def test_finding(pattern: str, text: str, match: list[str | None] | None) -> None:
    assert regex.compile(pattern).find(text) == match
    assert regex.compile(pattern).search(text) is (match is not None)


@pytest.mark.parametrize("pattern", ["(", "(?=a)", "(?<!a)b", "(a)\\1", "a++", "\\Z", "[[:nope:]]"])
def test_what_go_lacks_is_refused(pattern: str) -> None:
    with pytest.raises(EvaluationError, match="regular expression"):
        regex.compile(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "template", "result"),
    [
        ("(a)(n)", "banana", "$2$1", "bnanaa"),
        ("(?P<x>a)", "ba", "<${x}>", "b<a>"),
        ("a", "a", "$1x$$", "$"),
        ("", "abc", "-", "-a-b-c-"),
        ("a*", "baaac", "x", "xbxcx"),
    ],
)
def test_replacing(pattern: str, text: str, template: str, result: str) -> None:
    assert regex.compile(pattern).replace(text, template) == result


def test_a_literal_replacement_expands_nothing() -> None:
    assert regex.compile("a").replace_literal("a", "$0") == "$0"


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [("a,b,,c", -1, ["a", "b", "", "c"]), ("a,b,c", 2, ["a", "b,c"]), ("a", 0, []), ("", -1, [""])],
)
def test_splitting(text: str, limit: int, parts: list[str]) -> None:
    assert regex.compile(",").split(text, limit) == parts


@given(
    st.text(alphabet="ab()[]*+?{}|^$\\.1,-", max_size=12), st.text(max_size=10), st.text(alphabet="a$1{}", max_size=6)
)
def test_nothing_crashes(pattern: str, text: str, template: str) -> None:
    with contextlib.suppress(EvaluationError):
        compiled = regex.compile(pattern)
        compiled.find(text)
        compiled.replace(text, template)
        compiled.split(text)


def test_a_hostile_pattern_ends_at_once() -> None:
    assert not regex.compile("(a*)*b").search("a" * 100_000)
