"""Go's textual forms; the tables were checked against strconv of Go 1.26."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import strconv


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+5", 5.0),
        ("5.", 5.0),
        (".5", 0.5),
        ("-.5e-3", -0.0005),
        ("1_000", 1000.0),
        ("1_000.5", 1000.5),
        ("1.5_5", 1.55),
        ("1e1_0", 1e10),
        ("inf", math.inf),
        ("-Infinity", -math.inf),
        ("0x1p4", 16.0),
        ("0x_1p4", 16.0),
        ("0x1_0p4", 256.0),
        ("0x.8p1", 1.0),
        ("0x1p-2000", 0.0),
    ],
)
def test_numbers_read_as_go_reads_them(text: str, value: float) -> None:
    assert strconv.parse_float(text) == value


@pytest.mark.parametrize(
    "text",
    ["", ".", "e5", "1e", " 1", "1 ", "0x10", "1_", "_1", "1__0", "0x1p_4", "+nan", "infinit", "0b1", "1e400", "١"],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(EvaluationError):
        strconv.parse_float(text)


def test_a_number_out_of_range_counts_as_infinite_where_the_error_is_ignored() -> None:
    assert strconv.number_or_zero("1e999") == math.inf
    assert strconv.number_or_zero("x") == 0


@pytest.mark.parametrize(("text", "value"), [("1", True), ("T", True), ("True", True), ("f", False), ("FALSE", False)])
def test_booleans(text: str, value: bool) -> None:
    assert strconv.parse_bool(text) is value


@pytest.mark.parametrize("text", ["", "yes", "tRUE", " true", "2"])
def test_other_words_are_no_booleans(text: str) -> None:
    with pytest.raises(EvaluationError):
        strconv.parse_bool(text)


@pytest.mark.parametrize(
    ("value", "plain", "general", "in_json"),
    [
        (0.0, "0", "0", "0"),
        (-0.0, "-0", "-0", "-0"),
        (4.5, "4.5", "4.5", "4.5"),
        (1000000.0, "1000000", "1e+06", "1000000"),
        (123456789012.0, "123456789012", "1.23456789012e+11", "123456789012"),
        (1e21, "1000000000000000000000", "1e+21", "1e+21"),
        (0.00001, "0.00001", "1e-05", "0.00001"),
        (1e-7, "0.0000001", "1e-07", "1e-7"),
        (-2.5e-9, "-0.0000000025", "-2.5e-09", "-2.5e-9"),
        (math.inf, "+Inf", "+Inf", "+Inf"),
        (math.nan, "NaN", "NaN", "NaN"),
    ],
)
def test_floats_are_written_in_three_ways(value: float, plain: str, general: str, in_json: str) -> None:
    assert (strconv.format_float(value), strconv.format_general(value), strconv.format_json(value)) == (
        plain,
        general,
        in_json,
    )


@given(st.floats(allow_nan=False))
def test_a_written_float_reads_back(value: float) -> None:
    for text in (strconv.format_float(value), strconv.format_general(value), strconv.format_json(value)):
        assert strconv.number_or_zero(text) == value


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("", '""'),
        ('a"b\\c', '"a\\"b\\\\c"'),
        ("tab\tbell\a", '"tab\\tbell\\a"'),
        ("\x00\x1f\x7f", '"\\x00\\x1f\\x7f"'),
        ("é日\U0001f600", '"é日\U0001f600"'),
        ("\u00a0\u200b", '"\\u00a0\\u200b"'),
    ],
)
def test_quoting(text: str, quoted: str) -> None:
    assert strconv.quote(text) == quoted


@given(st.text())
def test_reading_ends_in_a_value_or_a_refusal(text: str) -> None:
    for read in (strconv.parse_float, strconv.parse_bool):
        with contextlib.suppress(EvaluationError):
            read(text)
    assert strconv.quote(text).startswith('"')
