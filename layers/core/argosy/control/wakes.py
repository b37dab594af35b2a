"""Wakes: one message for an object that must be looked at, however often it is asked for.

A FIFO queue neither coalesces nor forgets a deduplication id when a message is done, so a wake is a row (pk
`wake/<queue>`, sk the object's key). Whoever writes the row sends the message; whoever handles the message removes the
row before it reads the object, so that a change that comes meanwhile makes a wake of its own. A row whose message was
lost is due after a minute, and `tick` sends it again. Of many wakes that nobody waits for, most are rows alone whose
messages `tick` sends little by little; whoever wants one of those at once sends it himself.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from itertools import batched, count
from typing import Final

import orjson

from argosy import formats
from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.queue import Outgoing, Queue
from argosy.ports.store import ABSENT, MAX_WRITES, Delete, Put, Row, Store

__all__ = ["WAKE_PREFIX", "Wakes", "read_wake"]

WAKE_PREFIX: Final = "wake/"
_AGAIN_SECONDS: Final = 60.0
_FEW: Final = 5
_SPREAD_SECONDS: Final = 50


class Wakes:
    """Wakes of one work queue."""

    def __init__(self, store: Store, queue: Queue, clock: Clock, name: str) -> None:
        self._store, self._queue, self._clock = store, queue, clock
        self._name, self._pk = name, f"{WAKE_PREFIX}{name}"

    def row(self, key: str) -> Put:
        """The wake of `key` as a change for the transaction that makes it necessary; `send` follows it."""
        due = self._clock.now().timestamp() + _AGAIN_SECONDS
        return Put(Row(self._pk, key, {}, due_at=due))

    def send(self, keys: Sequence[str]) -> None:
        """Send the messages of wakes whose rows are written. Failing loses nothing: `tick` sends them again."""
        messages = [
            Outgoing(orjson.dumps({"wake": key, "v": formats.MESSAGES}).decode(), group=_group(key)) for key in keys
        ]
        if messages:
            self._queue.send(self._name, messages)

    def wake(self, key: str, *, durable: bool = True) -> bool:
        """Wake `key`; False when it is to be woken already. `durable`: see `Store.write`; False for what is found again."""
        try:
            self._store.write([Put(self.row(key).row, expect=ABSENT)], durable=durable)
        except Conflict:
            return self._sooner(key)
        self.send([key])
        return True

    def wake_all(self, keys: Sequence[str]) -> None:
        """Wake several, with fewer writes than one after the other."""
        for some in batched(keys, MAX_WRITES, strict=False):
            written = self._written([Put(self.row(key).row, expect=ABSENT) for key in some])
            self.send(written)
            for key in some:
                if key not in written:
                    self._sooner(key)

    def later(self, key: str, seconds: float) -> None:
        """Have `tick` wake `key` in `seconds`, unless it is to be woken already or somebody wakes it before."""
        with contextlib.suppress(Conflict):
            self._store.write([self._later(key, self._clock.now().timestamp() + seconds)], durable=False)

    def spread(self, keys: Sequence[str]) -> None:
        """Wake several within the next minute, as many in each second, those counted that are to be woken then already."""
        now = self._clock.now().timestamp()
        known = {row.sk: row for row in self._store.query(self._pk)}
        new = [key for key in keys if key not in known]
        later = [row.due_at for row in known.values() if row.data.get("later")]
        taken = Counter(math.ceil(due - now) for due in later if due is not None)
        each = min(max(_FEW, -(-(len(later) + len(new)) // _SPREAD_SECONDS)), MAX_WRITES)
        free = (second for second in count(1) for _ in range(each - taken[second]))
        changes = [self._later(key, now + next(free)) for key in new]
        for some in batched(changes, MAX_WRITES, strict=False):
            self._written(some)

    def _later(self, key: str, due: float) -> Put:
        """The wake of a key that is not to be woken yet; its message is `tick`'s."""
        return Put(Row(self._pk, key, {"later": True}, due_at=due), expect=ABSENT)

    def _written(self, changes: Sequence[Put]) -> Sequence[str]:
        """Write together what can be written; the keys that were, without those that somebody else had to do with."""
        try:
            self._store.write(changes)
        except Conflict:
            written = []
            for change in changes:
                with contextlib.suppress(Conflict):
                    self._store.write([change])
                    written.append(change.row.sk)
            return written
        return [change.row.sk for change in changes]

    def _sooner(self, key: str) -> bool:
        """Send the message of a wake that is there, if `tick` was to send it later."""
        row = self._store.get(self._pk, key)
        if row is None or not row.data.get("later"):
            return False
        try:
            self._store.write([Put(self.row(key).row, expect=row.version)])
        except Conflict:
            return False  # `tick` sends it, or it is handled, right now
        self.send([key])
        return True

    def clear(self, key: str) -> None:
        """Forget the wake; to be called before the object is read. If a power cut undoes it, there is a look too many."""
        self._store.write([Delete(self._pk, key)], durable=False)

    def again(self, rows: Sequence[Row]) -> None:
        """Send wakes that have become due once more, and expect them to be handled within a minute."""
        for some in batched(rows, MAX_WRITES, strict=False):
            self.send(self._written([Put(self.row(row.sk).row, expect=row.version) for row in some]))


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
