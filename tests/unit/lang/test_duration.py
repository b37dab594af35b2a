"""Go durations, after time/time_test.go."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import duration


@pytest.mark.parametrize(
    ("text", "nanoseconds", "printed"),
    [
        ("0", 0, "0s"),
        ("-0", 0, "0s"),
        ("1h30m", 90 * duration.MINUTE, "1h30m0s"),
        ("1.5h", 90 * duration.MINUTE, "1h30m0s"),
        ("1m1h", 61 * duration.MINUTE, "1h1m0s"),
        ("+5s", 5 * duration.SECOND, "5s"),
        ("-1.5s", -1_500_000_000, "-1.5s"),
        ("100us", 100_000, "100µs"),
        ("100µs", 100_000, "100µs"),
        ("100μs", 100_000, "100µs"),
        (".5ms", 500_000, "500µs"),
        ("1.ns", 1, "1ns"),
        ("0.3333333333333333333h", 1_200_000_000_000, "20m0s"),
        ("9223372036854775807ns", (1 << 63) - 1, "2562047h47m16.854775807s"),
        ("-9223372036854775808ns", -(1 << 63), "-2562047h47m16.854775808s"),
    ],
)
def test_reading_and_printing(text: str, nanoseconds: int, printed: str) -> None:
    assert duration.parse(text) == nanoseconds
    assert duration.format(nanoseconds) == printed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3",
        "-",
        "s",
        ".",
        ".s",
        "+.s",
        "1d",
        "1 s",
        " 1s",
        "1h ",
        "1x",
        "--1s",
        "9223372036854775808ns",
        "1e3s",
        "٣s",
    ],
)
def test_wrong_durations(text: str) -> None:
    with pytest.raises(EvaluationError, match="duration"):
        duration.parse(text)


@given(st.integers(min_value=-(1 << 63), max_value=(1 << 63) - 1))
def test_a_printed_duration_reads_back(nanoseconds: int) -> None:
    read = duration.parse(duration.format(nanoseconds))
    assert abs(read - nanoseconds) <= 1  # Go multiplies fractions as floats


@given(st.text(alphabet="0123456789.+-hmsnuµ x", max_size=30))
def test_no_text_crashes(text: str) -> None:
    with contextlib.suppress(EvaluationError):
        duration.parse(text)
