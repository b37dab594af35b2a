"""Sensors: SQS batch of the bus queue → firings on the trigger queue."""

from typing import Any

from argosy.adapters.batches import gathered
from argosy.adapters.powertools import count, function
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that fails is reported alone and comes again; the firings of all others are sent."""
    sensing = current().sensing
    sensing.begin()
    firings, answer = gathered(event, lambda record: sensing.decide(record.body), "event not processed")
    sensing.hand_on(firings)
    count("action_triggered_total", len(firings))
    return answer
