"""Event source `redisStream`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data(
        "redisStream", entry("redisStream"), {"stream": "orders", "id": "1767225600000-0", "values": {"id": "17"}}
    )
    assert data is not None
    assert json.loads(data) == json.loads(recorded("redis_stream")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"stream": "orders", "id": "1-0"}, "orders:1-0"),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("redisStream").origin(message) == origin
