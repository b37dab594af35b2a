"""Event source `eventBridge` (Argosy's own): an event of an EventBridge bus in, the event's payload out.

The payload is the event as EventBridge gives it (`detail-type`, `source`, `account`, `region`, `resources`, `detail`, …),
so that `dataKey: detail.bucket.name` reads as it does in a rule; `metadata` stands beside, as in Argo's sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.events.sources.bodies import with_metadata
from argosy.resources.eventsource import EventBridgeSource

__all__ = ["payload"]


def payload(entry: EventBridgeSource, event: Mapping[str, Any]) -> str:
    """The payload of one event."""
    return with_metadata(orjson.dumps(event)[:-1], entry.metadata)
