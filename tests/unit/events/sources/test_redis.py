"""Event source `redis`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data("redis", entry("redis"), {"channel": "orders", "payload": b"17"})
    assert data is not None
    assert json.loads(data) == json.loads(recorded("redis")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"channel": "orders"}, ""),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("redis").origin(message) == origin
