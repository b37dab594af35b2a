"""Govaluate expressions beyond the recorded ones: names, errors, limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import govaluate

DATA: dict[str, Any] = {
    "a": 1,
    "b": 2.5,
    "s": "hello",
    "t": True,
    "nul": None,
    "list": [1, "x", True],
    "a.b": 3,
    "a-b": 4,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b * 2", 6.0),
        ("(a + b) * 2", 7.0),
        ("2 ** 3 ** 2", 64.0),
        ("-a ** 2", 1.0),
        ("10 - 4 - 3", 3.0),
        ("[a.b] + [a-b]", 7.0),
        ("a\\-b", 4.0),
        ("t ? 'yes' : 'no'", "yes"),
        ("!t ? 'yes' : 'no'", "no"),
        ("nul ?? s", "hello"),
        ("s =~ '^h' && s !~ 'z'", True),
        ("'x' in list && 1 in list && t in list", True),
        ("(1, 2), 3", [1.0, 2.0, 3.0]),
        ("'2024-02-29' < '2024-03-01'", True),
        ("'2024-02-29T00:00:00+01:00' == '2024-02-28T23:00:00Z'", True),
        ("1 / 0 > 1", True),
        ("()", None),
        ("1 << 62 << 2", 0.0),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert govaluate.compile(text).evaluate(DATA) == value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ends where something must follow"),
        ("a +", "ends where"),
        ("a b", "cannot follow"),
        ("(a", "unbalanced"),
        (")(", "cannot follow"),
        ("a == !t && x==!t", "no operator"),
        ("'open", "no end"),
        ("[open", "no end"),
        ("a.b", "not exported"),
        ("a.", "ends with a dot"),
        ("0x", "no number"),
        ("s =~ '('", "regular expression"),
        ("(" * 300 + "1" + ")" * 300, "100 parentheses"),
        ("1" * 70_000, "65,536"),
    ],
)
def test_what_does_not_compile(text: str, told: str) -> None:
    with pytest.raises(EvaluationError, match="expression ") as caught:
        govaluate.compile(text)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("missing > 1", "no parameter 'missing'"),
        ("s > 1", "as the other side is"),
        ("s && t", "not a boolean"),
        ("t + 1", "not a number"),
        ("1 in s", "not a list"),
        ("A.B == 1", "reaches into a struct"),
        ("1 =~ 'a'", "not a text"),
    ],
)
def test_what_does_not_fit(text: str, told: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        govaluate.compile(text).evaluate(DATA)
    assert told in str(caught.value)


def test_the_side_that_is_not_needed_is_not_looked_at() -> None:
    for text in ("t || missing", "!t && missing", "!t ? missing : 1", "a ?? missing"):
        govaluate.compile(text).evaluate(DATA)


def test_a_long_chain() -> None:
    assert govaluate.compile("+".join(["1"] * 20_000)).evaluate({}) == 20_000.0


def test_names() -> None:
    assert govaluate.compile("a > 1 && [x y] == 'b' || in_a").names == {"a", "x y", "in_a"}


@given(st.text(alphabet="ab1.,()[]'\"!&|<>=+-*/%^~?: \\tx", max_size=40))
def test_any_text_has_a_value_or_an_error(text: str) -> None:
    try:
        govaluate.compile(text).evaluate({"a": 1, "b": "x", "t": True})
    except EvaluationError:
        return
