"""Event source `kafka`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data(
        "kafka",
        entry("kafka", jsonBody=True),
        {
            "topic": "orders",
            "key": "17",
            "partition": 0,
            "offset": 41,
            "timestamp": "2026-01-01 00:00:00 +0000 UTC",
            "value": b'{"id":17}',
        },
    )
    assert data is not None
    assert json.loads(data) == json.loads(recorded("kafka")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"topic": "orders", "partition": 0, "offset": 41}, "orders:0:41"),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("kafka").origin(message) == origin


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(EvaluationError):
        event_data("kafka", entry("kafka", jsonBody=True), {"body": b"x", "value": b"x", "payload": b"x", "data": b"x"})
