"""Timers: SQS batch of the timers queue → wakes on the work queues of the objects whose time has come."""

from typing import Any

from argosy.adapters.batches import gathered
from argosy.adapters.powertools import function
from argosy.services.runtime import current
from argosy.services.timing import handle_timer


@function
def handler(event: dict[str, Any], context: Any) -> Any:
    """Lambda entry point. A record that is none of ours is set aside, one that fails comes again."""
    runtime = current()

    def ring(body: str) -> tuple[()]:
        handle_timer(runtime, body)
        return ()

    return gathered(event, lambda record: ring(record.body), "timer not handled")[1]
