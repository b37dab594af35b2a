"""Conditions of triggers, as sensors use them; the grammar's table is the shared family `events/dependency-conditions`."""

from __future__ import annotations

import pytest

from argosy.errors import EvaluationError
from argosy.lang.conditions import compile_condition

NAMES = ["a", "b", "c-d", "e"]


@pytest.mark.parametrize(
    ("text", "names", "joins"),
    [
        ("", ("a", "b", "c-d", "e"), True),
        ("a", ("a",), False),
        ("b || a", ("b", "a"), False),
        ("c_d && a", ("c-d", "a"), True),
        ("(a || b) && (b || c-d)", ("a", "b", "c-d"), True),
    ],
)
def test_who_takes_part(text: str, names: tuple[str, ...], joins: bool) -> None:
    condition = compile_condition(text, NAMES)
    assert (condition.names, condition.joins) == (names, joins)


def test_a_sensor_with_one_dependency_joins_nothing() -> None:
    assert compile_condition("", ["only"]).joins is False


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x", "no dependency is called 'x'"),
        ("a & b", "&"),
        ("a and b", "missing before"),
        ("!a", "!"),
        ("a &&", "its end"),
        ("(a", "closing parenthesis"),
        ("a)", "operator is missing"),
        (" ", "blank"),
        ("nil", "word of the language"),
        ("(" * 300 + "a" + ")" * 300, "nested deeper"),
        ("(" * 100_000 + "a" + ")" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_condition(text: str, reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        compile_condition(text, NAMES)


def test_a_long_chain_is_no_deep_one() -> None:
    assert compile_condition(" || ".join(["a"] * 5000), NAMES).holds({"a"})
