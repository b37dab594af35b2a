"""Tick: EventBridge schedule → everything that is due."""

from typing import Any

from argosy.adapters.powertools import count, function
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Lambda entry point; returns how many events were published."""
    published = current().ticker.tick()
    count("events_sent_total", published)
    return {"published": published}
