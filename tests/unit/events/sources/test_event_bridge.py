"""Event source `eventBridge`: the event as it stands, metadata beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from argosy.events.sources.event_bridge import payload
from argosy.resources.eventsource import EventBridgeSource


def recorded(name: str) -> Any:
    """What the function `sources` finds in the message of a recorded batch."""
    (record,) = json.loads((Path(__file__).parents[4] / "events" / f"{name}.json").read_text())["Records"]
    return json.loads(record["body"])["event"]


def test_a_recorded_event() -> None:
    event = recorded("event_bridge")
    assert json.loads(payload(EventBridgeSource(), event)) == event
    marked = EventBridgeSource.model_validate({"metadata": {"k": "v"}})
    assert json.loads(payload(marked, event)) == {**event, "metadata": {"k": "v"}}
