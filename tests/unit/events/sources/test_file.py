"""Event source `file`: what its messages become, and what the broker calls them."""

from __future__ import annotations

import json

import pytest

from argosy.events.sources.connected import connected_source, event_data
from support.brokers.entries import entry, recorded


def test_a_message() -> None:
    data = event_data("file", entry("file"), {"name": "/data/orders.csv", "op": "CREATE"})
    assert data is not None
    assert json.loads(data) == json.loads(recorded("file")[1])


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        ({"name": "/data/orders.csv", "op": "CREATE"}, ""),
    ],
)
def test_its_name(message: dict[str, object], origin: str) -> None:
    assert connected_source("file").origin(message) == origin


@pytest.mark.parametrize(
    ("name", "op"), [("/elsewhere/orders.csv", "CREATE"), ("/data/orders.csv", "WRITE"), ("/data/x", "CREATE")]
)
def test_what_is_not_for_it(name: str, op: str) -> None:
    assert event_data("file", entry("file"), {"name": name, "op": op}) is None
