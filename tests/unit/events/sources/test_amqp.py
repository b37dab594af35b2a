"""Event source `amqp`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data(
        "amqp",
        entry("amqp", jsonBody=True),
        {
            "body": b'{"id":17}',
            "contentType": "application/json",
            "deliveryMode": 2,
            "messageId": "m-17",
            "timestamp": "0001-01-01T00:00:00Z",
            "exchange": "orders",
            "routingKey": "created",
        },
    )
    assert data is not None
    assert json.loads(data) == json.loads(recorded("amqp")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"messageId": "m-17"}, "m-17"),
        ({"messageId": None}, ""),
        ({}, ""),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("amqp").origin(message) == origin


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(EvaluationError):
        event_data("amqp", entry("amqp", jsonBody=True), {"body": b"x", "value": b"x", "payload": b"x", "data": b"x"})
