"""Kubernetes quantities."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import quantity


@pytest.mark.parametrize(
    ("text", "shown", "value"),
    [
        ("0", "0", 0),
        ("1", "1", 1),
        ("-1500m", "-1500m", Fraction(-3, 2)),
        ("1000m", "1", 1),
        ("1500", "1500", 1500),
        ("2000", "2k", 2000),
        ("2e3", "2e3", 2000),
        ("2E3", "2E3", 2000),
        ("2E", "2E", 2 * 10**18),
        ("0.5Gi", "512Mi", 2**29),
        ("1024Mi", "1Gi", 2**30),
        ("1.5Ki", "1536", 1536),
        ("0.1Ki", "102400m", Fraction(1024, 10)),
        ("1.0000000001", "1000000001n", Fraction(1_000_000_001, 10**9)),
        ("-1.0000000001", "-1000000001n", Fraction(-1_000_000_001, 10**9)),
        ("16Ei", "9223372036854775807", 2**63 - 1),
        (".5", "500m", Fraction(1, 2)),
        ("+5", "+5", 5),
        (".", "0", 0),
        ("-Gi", "0", 0),
    ],
)
def test_what_a_text_says(text: str, shown: str, value: Fraction | int) -> None:
    found = quantity.parse(text)
    assert (str(found), found.value) == (shown, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1KI",
        "1ki",
        "1K",
        "e",
        "1e",
        "1e1.5",
        "1mm",
        "--1",
        "1..2",
        "1_0",
        "½",
        "1e99999999999",
        "9" * 300,
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(EvaluationError, match="is no quantity"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("left", "right", "total", "difference"),
    [
        ("1Gi", "512Mi", "1536Mi", "512Mi"),
        ("1", "250m", "1250m", "750m"),
        ("0", "1Ki", "1Ki", "-1Ki"),
        ("1Ki", "0", "1Ki", "1Ki"),
        ("500m", "500m", "1", "0"),
    ],
)
def test_sums(left: str, right: str, total: str, difference: str) -> None:
    a, b = quantity.parse(left), quantity.parse(right)
    assert (str(a + b), str(a - b)) == (total, difference)


@pytest.mark.parametrize(
    ("text", "exponent", "expected"), [("1500m", 0, 2), ("-1500m", 0, -2), ("1.1m", -3, 2), ("1k", 3, 1), ("1", 3, 1)]
)
def test_rounding_goes_away_from_zero(text: str, exponent: int, expected: int) -> None:
    assert quantity.parse(text).scaled(exponent) == expected


@given(st.text(alphabet="0123456789.+-eEinumkKMGTP ", max_size=24))
def test_any_text_is_a_quantity_or_an_error_and_its_form_is_stable(text: str) -> None:
    try:
        found = quantity.parse(text)
    except EvaluationError:
        return
    again = quantity.parse(str(found))
    assert again.value == found.value
    assert str(again) == str(found)
