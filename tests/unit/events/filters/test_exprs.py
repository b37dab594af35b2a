"""Filter `exprs`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.filters.exprs import passes
from argosy.resources.sensor import Filters
from support.events import event, model

DATA = {"a": "b", "c": 10, "d": {"e": False}, "nothing": None, "day": "2024-03-01"}


def ask(*exprs: tuple[str, dict[str, str]], operator: str = "", data: Any = DATA) -> bool:
    body = [
        {"expr": text, "fields": [{"name": name, "path": path} for name, path in fields.items()]}
        for text, fields in exprs
    ]
    return passes(model(Filters, {"exprs": body, "exprLogicalOperator": operator}), event(data))


TRUE, FALSE = ("a == 'b'", {"a": "a"}), ("c > 10", {"c": "c"})
ABSENT, BROKEN = ("x == 1", {"x": "x.y"}), ("c >", {"c": "c"})


@pytest.mark.parametrize(
    ("exprs", "operator", "expected"),
    [
        ([], "", True),
        ([TRUE], "", True),
        ([FALSE], "", False),
        ([TRUE, FALSE], "and", False),
        ([FALSE, TRUE], "or", True),
        ([FALSE, FALSE], "or", False),
        ([ABSENT, TRUE], "or", True),
        ([FALSE, BROKEN], "and", False),
        ([("e == false && a =~ '^b'", {"e": "d.e", "a": "a"})], "", True),
        ([("c + 1", {"c": "c"})], "", False),
        ([("this is not read", {})], "", True),
        ([("n == 'x'", {"n": "nothing"})], "", False),
        ([("d == '2024-03-01'", {"d": "day"})], "", False),
    ],
)
def test_expressions(exprs: list[Any], operator: str, *, expected: bool) -> None:
    assert ask(*exprs, operator=operator) is expected


@pytest.mark.parametrize(
    ("exprs", "operator", "told"),
    [
        ([ABSENT], "", "path 'x.y' is not in the payload"),
        ([BROKEN], "", "expression 'c >'"),
        ([("a > 1", {"a": "a"})], "", "as the other side is"),
        ([FALSE, ABSENT], "or", "path 'x.y'"),
    ],
)
def test_errors(exprs: list[Any], operator: str, told: str) -> None:
    with pytest.raises(EvaluationError, match=r"^expr filter: ") as caught:
        ask(*exprs, operator=operator)
    assert told in str(caught.value)


def test_a_payload_that_is_no_json() -> None:
    with pytest.raises(EvaluationError, match="not valid JSON"):
        ask(TRUE, data="{no")


def test_no_payload_passes() -> None:
    assert ask(FALSE, data=None)
