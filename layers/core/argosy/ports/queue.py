"""Queue port: SQS's semantics, as the embedded runtime and AWS both give them.

Standard queues are at-least-once and unordered, may delay a message, and hide a received one for the visibility
timeout. FIFO queues deliver the messages of a group in order and nothing of a group while one of it is in flight, and
drop a repeated deduplication id for five minutes. A message received more than `max_receives` times moves to the DLQ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from argosy.records import record

__all__ = ["Delivery", "Depth", "Outgoing", "Queue", "QueueSpec"]

DEDUP_SECONDS = 300.0
MAX_DELAY_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """How one queue behaves; `visibility` in seconds, `dlq` the name of its dead-letter queue ("" = none).

    `backed`: each message says only that some row is to be looked at, and a row that waits for long is sent for again. So
    none of them needs to be on disk before its sender goes on.
    """

    name: str
    fifo: bool = False
    visibility: float = 30.0
    max_receives: int = 5
    dlq: str = ""
    backed: bool = False


@record
class Outgoing:
    """A message to send. `delay` in seconds, 0 to 900, standard queues only; `group` and `dedup` FIFO queues only.

    `attributes`: up to ten texts that go with it, none of them empty.
    """

    body: str
    delay: float = 0.0
    group: str = ""
    dedup: str = ""
    attributes: Mapping[str, str] | None = None


@record
class Delivery:
    """A received message; `handle` is good for this receive only, `sent_at` is in epoch seconds."""

    id: str
    body: str
    handle: str
    receive_count: int
    sent_at: float
    group: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages of a queue wait, are in flight, and are delayed."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        """All messages that the queue holds."""
        return self.visible + self.in_flight + self.delayed


class Queue(Protocol):
    """Named queues. A name that was not declared raises NotFound in every call."""

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        """Send all messages or none; returns their ids in order.

        Durable on return; inside an invocation (`SqliteQueue.invocation`), together with that. A dropped
        duplicate returns the id of the message that it repeats. Raises InvalidObject for a delay out of range, a delay
        or no group on FIFO, a group on a standard queue; Unavailable when the queue cannot be written.
        """
        ...

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        """Take up to `limit` visible messages, oldest first, and hide them for the queue's visibility timeout."""
        ...

    def delete(self, queue: str, handles: Sequence[str]) -> None:
        """Acknowledge deliveries. A handle whose message has been received again since does nothing."""
        ...

    def release(self, queue: str, handles: Sequence[str], delay: float = 0.0) -> None:
        """Make deliveries visible again after `delay` seconds (SQS: ChangeMessageVisibility)."""
        ...

    def depth(self, queue: str) -> Depth:
        """How full the queue is."""
        ...
