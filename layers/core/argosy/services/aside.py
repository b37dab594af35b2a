"""Messages that are none of ours: set aside in the dead-letter queue at once, with the reason.

A redrive sends them to the queue that they came from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from argosy.errors import EvaluationError
from argosy.ports.queue import Outgoing
from argosy.services.queues import DEAD_LETTERS, FIFO
from argosy.services.runtime import Runtime

__all__ = ["ORIGIN", "REASON", "or_set_aside"]

REASON: Final = "argosyReason"
ORIGIN: Final = "argosyOrigin"
_MAX_REASON: Final = 1_000


def or_set_aside[T](runtime: Runtime, queue: str, body: str, work: Callable[[], T]) -> T | None:
    """What `work` returns; None when it finds that the message `body` of `queue` is none of ours.

    Raises whatever else `work` raises: such a message comes again.
    """
    try:
        return work()
    except EvaluationError as x:
        attributes = {REASON: str(x)[:_MAX_REASON] or "unknown", ORIGIN: queue}
        dead = DEAD_LETTERS[queue]
        # One group for all: nothing else is known of them, and their order among each other stays.
        runtime.queue.send(dead, [Outgoing(body, group=queue if dead in FIFO else "", attributes=attributes)])
        return None
