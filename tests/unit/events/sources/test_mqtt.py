"""Event source `mqtt`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data(
        "mqtt", entry("mqtt", jsonBody=True), {"topic": "orders/created", "messageId": 1, "payload": b'{"id":17}'}
    )
    assert data is not None
    assert json.loads(data) == json.loads(recorded("mqtt")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"topic": "t", "messageId": 7}, ""),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("mqtt").origin(message) == origin


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(EvaluationError):
        event_data("mqtt", entry("mqtt", jsonBody=True), {"body": b"x", "value": b"x", "payload": b"x", "data": b"x"})
