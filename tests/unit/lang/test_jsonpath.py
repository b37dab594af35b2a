"""JSONPath, after the table of evilmonkeyinc/jsonpath 0.8.1."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang import jsonpath

STORE: dict[str, Any] = {
    "book": [
        {"title": "A", "price": 8.95, "isbn": None},
        {"title": "B", "price": 12.99},
        {"title": "C", "price": 22.99, "isbn": "0-395", "tags": ["x"]},
    ],
    "bike": {"color": "red", "price": 19.95},
    "it's": 1,
    "a.b": 2,
}


@pytest.mark.parametrize(
    ("selector", "value"),
    [
        ("$", STORE),
        ("$.bike.color", "red"),
        ("$['bike']['color']", "red"),
        ("$['it\\'s']", 1),
        ('$["a.b"]', 2),
        ("$.book[0].title", "A"),
        ("$.book[-1].title", "C"),
        ("$.book[(@.length-1)].title", "C"),
        ("$.book.length", 3),
        ("$.book[*].title", ["A", "B", "C"]),
        ("$.book[0,2].title", ["A", "C"]),
        ("$.book[0:2].title", ["A", "B"]),
        ("$.book[::2].title", ["A", "C"]),
        ("$.book[::-1].title", ["C", "B", "A"]),
        ("$.bike['color','price']", ["red", 19.95]),
        ("$.book[?(@.price > 10)].title", ["B", "C"]),
        ("$.book[?(@.isbn)].title", ["C"]),
        ("$.book[?(@.price > 10 && !(@.title == 'B'))].title", ["C"]),
        ("$.book[?(@.title =~ '[AB]')].title", ["A", "B"]),
        ("$.book[?('x' in @.tags)].title", ["C"]),
        ("$.book[?(@.price < $.bike.price)].title", ["A", "B"]),
        ("$..price", [19.95, 8.95, 12.99, 22.99]),
        ("$.bike.*", ["red", 19.95]),
    ],
)
def test_selecting(selector: str, value: object) -> None:
    assert jsonpath.query(STORE, selector) == value


@pytest.mark.parametrize(
    "selector",
    ["", "bike", "$bike", "$.nope", "$.book[9]", "$.book.title", "$.bike[0]", "$.book[", "$.book[?(@.x >)]", "$[]"],
)
def test_errors(selector: str) -> None:
    with pytest.raises(EvaluationError):
        jsonpath.query(STORE, selector)


@given(st.text(alphabet="$@.[]()?*:,'\"0-1abprice><=!&| ", max_size=20))
def test_no_selector_crashes(text: str) -> None:
    with contextlib.suppress(EvaluationError):
        jsonpath.query(STORE, f"${text}")


def test_no_selector_runs_away() -> None:
    with pytest.raises(EvaluationError):
        jsonpath.query([[[1] * 100] * 100] * 20, "$..*..*..*")
