"""Event sources behind topics and rules (sns, minio, eventBridge): batch of the sources queue → events on the bus."""

from typing import Any

from argosy.adapters.batches import gathered
from argosy.adapters.powertools import count, function
from argosy.services.runtime import current


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that is none of ours is set aside, one that fails comes again."""
    sourcing = current().sourcing
    sourcing.begin()
    events, answer = gathered(event, lambda record: sourcing.from_message(record.body), "event not taken")
    sourcing.publish(events)
    count("events_sent_total", len(events))
    return answer
