"""Event source `nats`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data(
        "nats",
        entry("nats", jsonBody=True),
        {"subject": "orders.created", "data": b'{"id":17}', "sequence": "ORDERS:41"},
    )
    assert data is not None
    assert json.loads(data) == json.loads(recorded("nats")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"subject": "s"}, ""),
        ({"subject": "s", "sequence": "ORDERS:41"}, "ORDERS:41"),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("nats").origin(message) == origin


def test_a_body_that_is_no_json() -> None:
    with pytest.raises(EvaluationError):
        event_data("nats", entry("nats", jsonBody=True), {"body": b"x", "value": b"x", "payload": b"x", "data": b"x"})
