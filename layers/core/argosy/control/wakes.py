"""Wakes: one message for an object that must be looked at, however often it is asked for.

A FIFO queue neither coalesces nor forgets a deduplication id when a message is done, so a wake is a row (pk
`wake/<queue>`, sk the object's key). Whoever writes the row sends the message; whoever handles the message removes the
row before it reads the object, so that a change that comes meanwhile makes a wake of its own. A row whose message was
lost is due after a minute, and `tick` sends it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import orjson

from argosy import formats
from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.queue import Outgoing, Queue
from argosy.ports.store import ABSENT, Delete, Put, Row, Store

__all__ = ["WAKE_PREFIX", "Wakes", "read_wake"]

WAKE_PREFIX: Final = "wake/"
_AGAIN_SECONDS: Final = 60.0


class Wakes:
    """Wakes of one work queue."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, name: str) -> None:
        self._store, self._queue, self._clock = store, queue, clock
        self._name = name

    def row(self, key: str) -> Put:
        """The wake of `key` as a change for the transaction that makes it necessary; `send` follows it."""
        due = self._clock.now().timestamp() + _AGAIN_SECONDS
        return Put(Row(f"{WAKE_PREFIX}{self._name}", key, {}, due_at=due))

    def send(self, keys: Sequence[str]) -> None:
        """Send the messages of wakes whose rows are written. Failing loses nothing: `tick` sends them again."""
        self._queue.send(
            self._name,
            [Outgoing(orjson.dumps({"wake": key, "v": formats.MESSAGES}).decode(), group=_group(key)) for key in keys],
        )

    def wake(self, key: str) -> bool:
        """Wake `key`; False when it is to be woken already."""
        change = self.row(key)
        try:
            self._store.write([Put(change.row, expect=ABSENT)])
        except Conflict:
            return False
        self.send([key])
        return True

    def clear(self, key: str) -> None:
        """Forget the wake; to be called before the object is read."""
        self._store.write([Delete(f"{WAKE_PREFIX}{self._name}", key)])

    def again(self, row: Row) -> None:
        """Send a wake that has become due once more, and expect it to be handled within a minute."""
        try:
            self._store.write([Put(self.row(row.sk).row, expect=row.version)])
        except Conflict:
            return  # handled or sent by somebody else meanwhile
        self.send([row.sk])


def read_wake(body: str) -> str | None:
    """The key that a message wakes, None when it is no wake. Raises Unavailable for a newer release's."""
    try:
        message = orjson.loads(body)
        key = message["wake"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    formats.check(message.get("v", 0), formats.MESSAGES, "the wake")
    return key if isinstance(key, str) else None


def _group(key: str) -> str:
    """SQS takes no more than 128 characters as a group id, and not all of them."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
