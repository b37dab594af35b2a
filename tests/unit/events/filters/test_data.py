"""Filter `data`: cases beside those of the shared conformance family `events/sensor-filter-data`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.filters.data import passes
from argosy.resources.sensor import Filters
from support.events import event, model

PAYLOAD = {"body": {"message": "hello", "n": 10, "yes": True, "none": None, "list": [1, 2, 3], "a.b": "dot"}}


def filters(*data: dict[str, Any], operator: str = "") -> Filters:
    return model(Filters, {"data": list(data), "dataLogicalOperator": operator})


def one(path: str, kind: str, *values: str, **more: str) -> dict[str, Any]:
    return {"path": path, "type": kind, "value": list(values), **more}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (one("body.message", "string", "hello"), True),
        (one("body.message", "string", "ell"), True),
        (one("body.message", "string", "^hell$"), False),
        (one("body.message", "string", "bye", "hello"), True),
        (one("body.message", "string", "hello", comparator="!="), False),
        (one("body.message", "string", "hello", "bye", comparator="!="), True),
        (one("body.n", "number", "10"), True),
        (one("body.n", "number", "9", comparator=">"), True),
        (one("body.n", "number", "10.0", comparator="!="), False),
        (one("body.n", "number", "5", comparator="~"), False),
        (one("body.message", "number", "0"), True),
        (one("body.yes", "bool", "true"), True),
        (one("body.yes", "bool", "0", "f"), False),
        (one("body.none", "string", "^$"), True),
        (one("body.list.#", "number", "3"), True),
        (one(r"body.a\.b", "string", "dot"), True),
        (one("body.message", "string", "^HELLO$", template="{{ .Input | upper }}"), True),
    ],
)
def test_one_filter(data: dict[str, Any], expected: bool) -> None:
    assert passes(filters(data), event(PAYLOAD)) is expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (one("body.nothing", "string", "x"), "body.nothing"),
        (one("body.message", "string"), "no values"),
        (one("body.message", "text", "x"), "text"),
        (one("body.message", "string", "("), "[(]"),
        (one("body.message", "string", "(?=x)"), "[?]="),
        (one("body.n", "number", "ten"), "ten"),
        (one("body.yes", "bool", "maybe"), "maybe"),
        (one("body.message", "string", "x", template="{{ fail }}"), "fail"),
        (one("body.message", "string", "x", template="{{ .Missing }}"), "body.message"),
    ],
)
def test_a_filter_that_cannot_decide(data: dict[str, Any], reason: str) -> None:
    with pytest.raises(EvaluationError, match=reason):
        passes(filters(data), event(PAYLOAD))


YES, NO = one("body.n", "number", "10"), one("body.n", "number", "11")
BROKEN = one("body.nothing", "string", "x")


@pytest.mark.parametrize(
    ("operator", "data", "expected"),
    [
        ("", [YES, NO], False),
        ("and", [YES, YES], True),
        ("and", [NO, BROKEN], False),
        ("and", [BROKEN, NO], None),
        ("or", [NO, YES], True),
        ("or", [BROKEN, YES], True),
        ("or", [NO, BROKEN], None),
        ("or", [NO, NO], False),
        ("", [], True),
    ],
)
def test_several_filters(operator: str, data: list[dict[str, Any]], expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(EvaluationError):
            passes(filters(*data, operator=operator), event(PAYLOAD))
    else:
        assert passes(filters(*data, operator=operator), event(PAYLOAD)) is expected


def test_an_event_without_a_payload_passes() -> None:
    assert passes(filters(NO), event()) is True


@pytest.mark.parametrize("text", ["", "nope", "{", '{"body": }'])
def test_a_payload_that_is_no_json(text: str) -> None:
    with pytest.raises(EvaluationError, match="not valid JSON"):
        passes(filters(YES), event(text))


@pytest.mark.parametrize(
    "text",
    [
        '{"body":{"n":10,"deep":' + "[" * 3000 + "]" * 3000 + "}}",
        '{"body":{"n":10,"half":"\\ud800"}}',
        '{"body":{"n":10,"far":1e999}}',
    ],
)
def test_odd_neighbours_do_not_matter(text: str) -> None:
    assert passes(filters(YES), event(text)) is True


def test_a_pattern_cannot_hold_up_the_sensor() -> None:
    evil = one("body.message", "string", "^(a+)+$")
    begin = time.process_time()
    assert passes(filters(evil), event({"body": {"message": "a" * 50_000 + "!"}})) is False
    assert time.process_time() - begin < 10  # backtracking would take years
