"""What may be sent to which queue: one check for every adapter of the Queue port."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.errors import InvalidObject
from argosy.ports.queue import MAX_DELAY_SECONDS, Outgoing, QueueSpec

__all__ = ["check_outgoing"]


def check_outgoing(spec: QueueSpec, messages: Sequence[Outgoing]) -> None:
    """Raise InvalidObject when SQS would refuse one of `messages` on a queue of this spec."""
    for message in messages:
        if not 0 <= message.delay <= MAX_DELAY_SECONDS:
            raise InvalidObject(
                f"queue {spec.name}: a delay of {message.delay} s; 0 to {MAX_DELAY_SECONDS:.0f} s are possible"
            )
        if spec.fifo and message.delay:
            raise InvalidObject(f"queue {spec.name} is FIFO: a single message cannot be delayed")
        if spec.fifo and not message.group:
            raise InvalidObject(f"queue {spec.name} is FIFO: a message needs a group")
        if not spec.fifo and (message.group or message.dedup):
            raise InvalidObject(f"queue {spec.name} is a standard queue: it knows neither groups nor deduplication ids")
