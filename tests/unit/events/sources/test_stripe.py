"""Event source `stripe`: the payload, and types of events that are not wanted."""

from __future__ import annotations

import pytest

from argosy.events.sources.hooks import Answer, Problem
from support.hooks import answer

CHARGE = '{"type": "charge.succeeded", "id": "evt_1"}'


def test_the_payload() -> None:
    (data,) = answer("stripe", CHARGE, metadata={"a": "b"}).events
    assert data == '{"event":{"type":"charge.succeeded","id":"evt_1"},"metadata":{"a":"b"}}'


@pytest.mark.parametrize(
    ("wanted", "published"), [([], 1), (["charge.succeeded"], 1), (["charge"], 0), (["x", "charge.succeeded"], 1)]
)
def test_the_filter(wanted: list[str], published: int) -> None:
    given = answer("stripe", CHARGE, eventFilter=wanted)
    assert (given.status, len(given.events)) == (200, published)


@pytest.mark.parametrize("body", ["", "x", "[]", "1e999", '{"a": 1e999}'])
def test_what_is_no_event(body: str) -> None:
    assert answer("stripe", body) == Answer(400, problem=Problem.BODY)
