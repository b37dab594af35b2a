"""Event source `sqs`: batch of a user's SQS queue → events on the bus."""

from typing import Any

from argosy.adapters.batches import gathered
from argosy.adapters.powertools import count, function
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that fails stays in its queue; the events of all others are published."""
    sourcing = current().sourcing
    sourcing.begin()
    events, answer = gathered(event, lambda record: sourcing.from_queue(dict(record.raw_event)), "event not taken")
    sourcing.publish(events)
    count("events_sent_total", len(events))
    return answer
