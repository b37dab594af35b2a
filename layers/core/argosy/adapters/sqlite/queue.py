"""Queue port on SQLite: SQS's semantics in one table, with group commit.

Whoever commits takes along what others have laid ready in the meantime, so that many senders share one fsync. Inside an
*invocation* (one call of a function handler) sends are held back and committed together with the acknowledgement of the
messages that caused them, in one transaction: a step from queue to queue happens whole or not at all.

The one process that consumes a queue may `take` instead of `receive`: what it takes is hidden by its memory, and a
message that is done with after its first receive costs no write for its lease. The memory dies with the process, and the
message is there again. Only what was there when the process began, and may have been its predecessor's death, is leased
on disk and counted.

A message's handle is its row and its receive count; once the message has been received again, the old handle is void.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import orjson

from argosy.adapters.sqlite.database import Database
from argosy.errors import ArgosyError, NotFound, Unavailable
from argosy.ports.clock import Clock
from argosy.ports.queue import DEDUP_SECONDS, Delivery, Depth, Outgoing, QueueSpec
from argosy.ports.queuerules import check_outgoing

__all__ = ["SqliteQueue", "Unit", "arrived"]

_log = logging.getLogger("argosy.local")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, visible_at REAL NOT NULL, leased INTEGER NOT NULL DEFAULT 0,
  receive_count INTEGER NOT NULL DEFAULT 0, sent_at REAL NOT NULL, id TEXT NOT NULL, grp TEXT NOT NULL, body TEXT NOT NULL,
  attributes TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS ready ON messages (queue, visible_at);
CREATE INDEX IF NOT EXISTS groups ON messages (queue, grp) WHERE grp <> '';
CREATE TABLE IF NOT EXISTS sent (
  queue TEXT NOT NULL, dedup TEXT NOT NULL, id TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (queue, dedup)) WITHOUT ROWID;
"""
_COLUMNS = "(queue, visible_at, sent_at, id, grp, body, attributes)"
_ADD_ATTRIBUTES = "ALTER TABLE messages ADD COLUMN attributes TEXT NOT NULL DEFAULT ''"
_FREE = "queue=?1 AND visible_at<=?2 AND seq NOT IN (SELECT value FROM json_each(?3))"
_TAKE = f"""SELECT seq, id, body, receive_count, sent_at, grp, attributes FROM messages WHERE {_FREE}
  ORDER BY visible_at, seq LIMIT ?4"""
_NEXT = "SELECT min(visible_at) FROM messages WHERE queue=?1 AND seq NOT IN (SELECT value FROM json_each(?2))"
_PICK_THESE = """SELECT seq FROM messages
  WHERE queue=?1 AND visible_at<=?2 AND seq IN (SELECT value FROM json_each(?3))"""
_PICK_STANDARD = "SELECT seq FROM messages WHERE queue=?1 AND visible_at<=?2 ORDER BY visible_at, seq LIMIT ?3"
_PICK_FIFO = """SELECT seq FROM messages m WHERE queue=?1 AND visible_at<=?2 AND NOT EXISTS
  (SELECT 1 FROM messages b WHERE b.queue=m.queue AND b.grp=m.grp AND b.visible_at>?2) ORDER BY seq LIMIT ?3"""
_READY = f"SELECT count(*) FROM ({_PICK_FIFO.replace('ORDER BY seq ', '')})"
_LATER = "SELECT min(visible_at) FROM messages WHERE queue=?1 AND visible_at>?2"
_LEASE = """UPDATE messages SET leased=1, visible_at=?4, receive_count=receive_count+1 WHERE seq IN ({pick})
  RETURNING seq, id, body, receive_count, sent_at, grp, attributes"""
_DEPTH = """SELECT sum(visible_at<=?1), sum(visible_at>?1 AND leased), sum(visible_at>?1 AND NOT leased)
  FROM messages WHERE queue=?2"""
# A lease that is on disk has been counted, one that is in memory has not.
_HANDLES = """SELECT m.seq FROM json_each(?1) h JOIN messages m
  ON m.seq = h.value->>0 AND m.receive_count + 1 - m.leased = h.value->>1 AND m.queue = h.value->>2"""
_RELEASE = f"""UPDATE messages SET leased=0, receive_count=receive_count+1-leased, visible_at=?2
  WHERE seq IN ({_HANDLES})"""
_LEASE_HELD = f"""UPDATE messages SET leased=1, receive_count=receive_count+1, visible_at=?4
  WHERE leased=0 AND seq IN ({_PICK_THESE})"""

_MAX_TURNS = 16
# A message that was received as often as this and is still there may be what kills its consumer.
_SUSPICIOUS = 2
Insert = tuple[str, float, float, str, str, str, str]
Handle = tuple[int, int, str]


@dataclass(slots=True)
class Unit:
    """What one invocation wants written: rows to insert, handles to acknowledge, handles to release with their delay."""

    inserts: list[Insert] = field(default_factory=list)
    durable: bool = False
    acknowledged: list[Handle] = field(default_factory=list)
    released: list[tuple[Handle, float]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True when there is nothing to write."""
        return not (self.inserts or self.acknowledged or self.released)


@dataclass(slots=True)
class _Pending:
    unit: Unit
    then: Callable[[Exception | None], None] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    done: bool = False
    error: Exception | None = None


class SqliteQueue:
    """All queues in one file.

    `durable=False` makes the commits of invocations ordered (see `Database`), for hops between queues; a send outside of one
    is durable unless its queue is backed. `committed` is called after each commit, from whichever thread did it, and what
    `watchers` holds for a queue when messages were put into it.
    """

    def __init__(
        self,
        path: Path,
        specs: Iterable[QueueSpec],
        clock: Clock,
        *,
        durable: bool = True,
        background_checkpoints: bool = False,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        self.committed = committed
        self.watchers: Mapping[str, Callable[[], None]] = {}
        self._specs = {spec.name: spec for spec in specs}
        self._clock = clock
        self._durable = durable
        self._db = Database(path, _SCHEMA, background_checkpoints=background_checkpoints)
        self._local = threading.local()
        self._pending: list[_Pending] = []
        self._pending_mutex = threading.Lock()
        self._commit_mutex = threading.Lock()
        self._held: dict[str, set[int]] = {}
        self._held_mutex = threading.Lock()
        if not self._db.read("SELECT 1 FROM pragma_table_info('messages') WHERE name='attributes'"):
            with self._db.write() as connection:
                connection.execute(_ADD_ATTRIBUTES)
        self._there_before: int = self._db.read("SELECT coalesce(max(seq), 0) FROM messages")[0][0]

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        """See `Queue.send`."""
        spec = self._spec(queue)
        check_outgoing(spec, messages)
        if any(message.dedup for message in messages):
            return self._send_once(spec, messages)
        now = self._clock.now().timestamp()
        rows = [_row(queue, message, now) for message in messages]
        unit: Unit | None = getattr(self._local, "unit", None)
        if unit is not None:
            unit.inserts.extend(rows)
        elif rows:
            self.commit(Unit(inserts=rows, durable=not spec.backed))
        return [row[3] for row in rows]

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        """See `Queue.receive`."""
        spec = self._spec(queue)
        return self._lease(spec, _PICK_FIFO if spec.fifo else _PICK_STANDARD, limit)

    def take(self, queue: str, limit: int) -> list[Delivery]:
        """Like `receive`, for the only consumer of a standard queue: what it takes stays hidden until it lets go of it.

        A message that may have killed its consumer before is handed over alone, so that no other shares its fate.
        """
        spec = self._spec(queue)
        while True:
            with self._held_mutex:
                held = self._held.setdefault(queue, set())
                now = self._clock.now().timestamp()
                rows = self._db.read(_TAKE, (queue, now, _json(list(held)), limit))
                counted = [row for row in rows if row[3] or row[0] <= self._there_before]
                if not counted:
                    held.update(row[0] for row in rows)
                    return [_delivery(row, row[3] + 1) for row in rows]
                if any(row[3] >= _SUSPICIOUS for row in counted):
                    del counted[1:]
                deliveries = self._lease(spec, _PICK_THESE, _json([row[0] for row in counted]))
                held.update(int(delivery.handle.partition(".")[0]) for delivery in deliveries)
            if deliveries:
                return deliveries

    def let_go(self, queue: str, deliveries: Iterable[Delivery]) -> None:
        """Forget what was taken: it was acknowledged or released, or else it may be taken again."""
        with self._held_mutex:
            self._held[queue].difference_update(int(each.handle.partition(".")[0]) for each in deliveries)

    def write_leases(self, queue: str) -> None:
        """Put the leases that memory holds on disk: they have become long, and others shall see them in `depth`."""
        spec, now = self._spec(queue), self._clock.now().timestamp()
        with self._held_mutex:
            held = _json(list(self._held.get(queue, ())))
        with self._db.write(durable=False) as connection:
            connection.execute(_LEASE_HELD, (queue, now, held, now + spec.visibility))

    def _lease(self, spec: QueueSpec, pick: str, which: int | str) -> list[Delivery]:
        now = self._clock.now().timestamp()
        with self._db.write(durable=False) as connection:
            lease = _LEASE.format(pick=pick)
            rows = connection.execute(lease, (spec.name, now, which, now + spec.visibility)).fetchall()
            dead = [row for row in rows if spec.dlq and row[3] > spec.max_receives]
            if dead:
                rows = [row for row in rows if row not in dead]
                connection.executemany(
                    "UPDATE messages SET queue=?, leased=0, receive_count=0, visible_at=? WHERE seq=?",
                    [(spec.dlq, now, row[0]) for row in dead],
                )
        rows.sort()
        return [_delivery(row, row[3]) for row in rows]

    def delete(self, queue: str, handles: Sequence[str]) -> None:
        """See `Queue.delete`."""
        self.commit(Unit(acknowledged=self.handles(queue, handles)))

    def release(self, queue: str, handles: Sequence[str], delay: float = 0.0) -> None:
        """See `Queue.release`."""
        self.commit(Unit(released=[(handle, delay) for handle in self.handles(queue, handles)]))

    def depth(self, queue: str) -> Depth:
        """See `Queue.depth`."""
        self._spec(queue)
        now = self._clock.now().timestamp()
        return Depth(*(count or 0 for count in self._db.read(_DEPTH, (now, queue))[0]))

    def next_visible(self, queue: str) -> float | None:
        """Epoch seconds at which the next message of `queue` is or becomes visible, or None: the pump's alarm clock."""
        with self._held_mutex:
            held = _json(list(self._held.get(queue, ())))
        at: float | None = self._db.read(_NEXT, (queue, held))[0][0]
        return at

    def ready(self, queue: str, most: int) -> int:
        """How many messages of a FIFO queue could be received now; `most` are counted."""
        return int(self._db.read(_READY, (queue, self._clock.now().timestamp(), most))[0][0])

    def later(self, queue: str) -> float | None:
        """Seconds until time alone makes another message of a FIFO queue visible; None when there is none to wait for."""
        now = self._clock.now().timestamp()
        at: float | None = self._db.read(_LATER, (queue, now))[0][0]
        return None if at is None else at - now

    def recover(self) -> int:
        """Make every message that a killed process had in flight visible again; returns how many.

        Only for the one instance that holds the data directory, before it receives anything.
        """
        with self._db.write() as connection:
            sql = "UPDATE messages SET leased=0, visible_at=? WHERE leased=1"
            return connection.execute(sql, (self._clock.now().timestamp(),)).rowcount

    @contextmanager
    def invocation(self) -> Iterator[Unit]:
        """Hold back what this thread sends until the unit is committed; leaving the block does not commit."""
        self._local.unit = unit = Unit()
        try:
            yield unit
        finally:
            self._local.unit = None

    def handles(self, queue: str, handles: Iterable[str]) -> list[Handle]:
        """Parse handles of `queue` for a `Unit`; what is no handle of ours is left out, like one that is void."""
        self._spec(queue)
        split = (handle.split(".") for handle in handles)
        return [
            (int(parts[0]), int(parts[1]), queue)
            for parts in split
            if len(parts) == 2 and all(map(str.isdecimal, parts))
        ]

    def commit(self, unit: Unit) -> None:
        """Write a unit and, in the same transaction, all others that wait; returns when it is committed."""
        entry = _Pending(unit)
        with self._pending_mutex:
            self._pending.append(entry)
        with self._commit_mutex:
            if not entry.done:
                self._flush()
        if entry.error:
            raise entry.error

    def commit_soon(
        self, unit: Unit, loop: asyncio.AbstractEventLoop, then: Callable[[Exception | None], None]
    ) -> None:
        """Like `commit`, from an event loop: everything that comes in turn after turn shares one commit.

        `then` is called on the loop with None, or with the ArgosyError that `commit` would have raised.

        The loop itself commits. Nothing it could do meanwhile would be answered before the disk is anyway, and handing
        the commit to a thread was measured to cost more than it wins (docs/decisions/0002).
        """
        with self._pending_mutex:
            self._pending.append(_Pending(unit, then, loop))
            first = len(self._pending) == 1
        if first:
            loop.call_soon(self._flush_planned, loop, 1, 1)

    def checkpoint(self) -> None:
        """See `Database.checkpoint`."""
        self._db.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _flush_planned(self, loop: asyncio.AbstractEventLoop, seen: int, turn: int) -> None:
        waiting = len(self._pending)
        if waiting > seen and turn < _MAX_TURNS:
            # More came in during the last turn: as long as that goes on, one commit for all of them.
            loop.call_soon(self._flush_planned, loop, waiting, turn + 1)
            return
        with self._commit_mutex:
            self._flush()

    def _flush(self) -> None:
        with self._pending_mutex:
            batch, self._pending = self._pending, []
        if not batch:
            return
        error: Exception | None = None
        try:
            durable = self._durable or any(entry.unit.durable for entry in batch)
            with self._db.write(durable=False) as connection:
                self._write(connection, [entry.unit for entry in batch])
            self.committed()
            self._tell({row[0] for entry in batch for row in entry.unit.inserts})
            if durable:
                self._db.sync()
        except ArgosyError as x:
            error = x
        except Exception as x:  # noqa: BLE001 - every waiting entry must hear of it, whatever it is
            error = Unavailable(f"not written: {x!r}")
            error.__cause__ = x
        for entry in batch:
            entry.done, entry.error = True, error
        for entry in batch:
            if entry.then is not None:
                _call(entry.then, entry.loop, error)

    def _write(self, connection: Connection, units: list[Unit]) -> None:
        now = self._clock.now().timestamp()
        rows = list(itertools.chain.from_iterable(unit.inserts for unit in units))
        for start, size in _slices(len(rows)):
            values = ",".join(["(?,?,?,?,?,?,?)"] * size)
            flat = list(itertools.chain.from_iterable(rows[start : start + size]))
            connection.execute(f"INSERT INTO messages {_COLUMNS} VALUES {values}", flat)
        acknowledged = list(itertools.chain.from_iterable(unit.acknowledged for unit in units))
        if acknowledged:
            connection.execute(f"DELETE FROM messages WHERE seq IN ({_HANDLES})", (_json(acknowledged),))
        for handle, delay in itertools.chain.from_iterable(unit.released for unit in units):
            connection.execute(_RELEASE, (_json([handle]), now + delay))

    def _send_once(self, spec: QueueSpec, messages: Sequence[Outgoing]) -> list[str]:
        now = self._clock.now().timestamp()
        ids: list[str] = []
        with self._db.write(durable=self._durable) as connection:
            connection.execute("DELETE FROM sent WHERE until<=?", (now,))
            for message in messages:
                ids.append(_insert_once(connection, spec.name, message, now))
        self._tell({spec.name})
        return ids

    def _tell(self, names: Iterable[str]) -> None:
        for name in names:
            if name in self.watchers:
                self.watchers[name]()

    def _spec(self, queue: str) -> QueueSpec:
        spec = self._specs.get(queue)
        if spec is None:
            raise NotFound(f"queue {queue} is not declared")
        return spec


def _insert_once(connection: Connection, queue: str, message: Outgoing, now: float) -> str:
    row = _row(queue, message, now)
    new = row[3]
    if message.dedup:
        known = connection.execute("SELECT id FROM sent WHERE queue=? AND dedup=?", (queue, message.dedup)).fetchone()
        if known:
            return str(known[0])
        connection.execute("INSERT INTO sent VALUES (?,?,?,?)", (queue, message.dedup, new, now + DEDUP_SECONDS))
    connection.execute(f"INSERT INTO messages {_COLUMNS} VALUES (?,?,?,?,?,?,?)", row)
    return new


def _delivery(row: tuple[Any, ...], count: int) -> Delivery:
    seq, id_, body, _, sent_at, group, attributes = row
    return Delivery(id_, body, f"{seq}.{count}", count, sent_at, group, orjson.loads(attributes) if attributes else {})


def arrived(row: Insert) -> Delivery:
    """What a unit is about to send, as it would be received for the first time; it has no handle."""
    _, _, sent_at, new_id, group, body, attributes = row
    return Delivery(new_id, body, "", 1, sent_at, group, orjson.loads(attributes) if attributes else {})


def _row(queue: str, message: Outgoing, now: float) -> Insert:
    attributes = _json(message.attributes) if message.attributes else ""
    return (queue, now + message.delay, now, f"{random.getrandbits(128):032x}", message.group, message.body, attributes)


def _call(
    then: Callable[[Exception | None], None], loop: asyncio.AbstractEventLoop | None, error: Exception | None
) -> None:
    """On its loop, whoever has committed: a thread that answered a request would leave the loop asleep over it."""
    try:
        if loop is None or asyncio._get_running_loop() is loop:
            then(error)
        else:
            loop.call_soon_threadsafe(then, error)
    except Exception as x:  # noqa: BLE001 - one caller's failure is not that of the others in its group
        _log.error("after a commit: %r", x)


def _slices(count: int) -> Iterator[tuple[int, int]]:
    """Cut `count` rows in slices of powers of two, at most 64, so that few statements serve all sizes."""
    start = 0
    while start < count:
        size = min(64, 1 << ((count - start).bit_length() - 1))
        yield start, size
        start += size


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
