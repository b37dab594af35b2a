"""Pumps: what Lambda's event source mappings are on AWS.

A pump takes batches from one queue, calls the function that consumes it and settles the batch: the records that the
function did not report as failed are acknowledged in the same transaction that writes what the function sent. A pump
works with one thread; while all its threads are held up by something slow and messages wait, it takes another, up to
its limit, so that one dead target does not hold up the rest.

What a pump's function sends to the queue of the `following` pump is, as long as that one is quick, done before the
transaction, which then holds the failures alone: two steps for one write. Killed in between, both are done again from
the first message, with the same ids. With a `pipe` the pump's thread itself waits there for the wake-ups of other
processes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from argosy.adapters.loops import close_thread_loop
from argosy.adapters.sqlite.queue import SqliteQueue, Unit, arrived
from argosy.local.functions import Context, Handler, sqs_event
from argosy.local.wake import Sleeper, Waker
from argosy.ports.queue import Delivery

__all__ = ["Pump"]

_log = logging.getLogger("argosy.local")
_IDLE = 5.0
_HELD_UP = 0.25
_QUICK = 0.1
_SLOW_MEMORY = 30.0
_MAX_BACKOFF = 60.0
# Under load small batches cost more than they bring: after one of several messages, wait a moment for more.
_BUSY = 3
_GATHER = 0.006


class Pump:
    """Moves batches of `queue` through `handler`."""

    def __init__(
        self,
        queue: SqliteQueue,
        name: str,
        handler: Handler,
        *,
        batch: int,
        limit: int,
        following: Pump | None = None,
        pipe: Path | None = None,
    ) -> None:
        self._queue, self.name, self._handler = queue, name, handler
        self._batch, self._limit = batch, limit
        self._following = following
        self._sleeper = Sleeper(pipe) if pipe is not None else None
        self._waker = Waker(pipe) if pipe is not None else None
        self._context = Context(name)
        self._changed = threading.Condition()
        self._wakes = 0
        self._stopping = False
        self._threads: dict[threading.Thread, float] = {}
        self._gathering = False
        self._slow_at = -_SLOW_MEMORY

    def join(self, unit: Unit) -> None:
        """Do what `unit` is about to send here, in the caller's thread and as part of the unit; what fails stays in it.

        Does nothing when something was slow here of late: that waits in the queue and holds nobody up.
        """
        began = time.monotonic()
        if began - self._slow_at < _SLOW_MEMORY:
            return
        now = time.time()
        mine = [row for row in unit.inserts if row[0] == self.name and row[1] <= now]
        unit.inserts = [row for row in unit.inserts if row[0] != self.name or row[1] > now]
        for start in range(0, len(mine), self._batch):
            rows = mine[start : start + self._batch]
            if time.monotonic() - self._slow_at < _SLOW_MEMORY:
                unit.inserts.extend(rows)
                continue
            failed = self._call([arrived(row) for row in rows], unit)
            unit.inserts.extend(row for row in rows if row[3] in failed)

    def start(self) -> None:
        """Begin to work."""
        self._spawn()

    def wake(self) -> None:
        """Messages may be there: look now."""
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()
        if self._waker is not None:
            self._waker.wake()

    def relieve(self) -> None:
        """Take another thread if all are held up and messages wait; called now and then."""
        with self._changed:
            held_up = [self._held_up(since) for since in self._threads.values()]
        if any(held_up):
            self._queue.write_leases(self.name)
            if self._following is not None:
                self._following.slow()
        if len(held_up) >= self._limit or not all(held_up):
            return
        due = self._queue.next_visible(self.name)
        if due is not None and due <= time.time():
            self._spawn()

    def slow(self) -> None:
        """Something takes its time here: for a while nobody does this pump's work in passing."""
        self._slow_at = time.monotonic()

    def stop(self, seconds: float) -> bool:
        """Finish what is in flight and what can be taken at once; False if that took longer than `seconds`."""
        with self._changed:
            self._stopping = True
        self.wake()
        end = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in list(self._threads))

    def _spawn(self) -> None:
        thread = threading.Thread(target=self._work, name=f"pump-{self.name}", daemon=True)
        with self._changed:
            self._threads[thread] = 0.0
        thread.start()

    def _work(self) -> None:
        me = threading.current_thread()
        while True:
            with self._changed:
                seen, stopping = self._wakes, self._stopping
            try:
                worked = self._once(me)
            except Exception as x:  # noqa: BLE001 - a pump that ends would hold up its queue without a word
                _log.error("queue %s: %r", self.name, x)
                worked = False
                time.sleep(1)
            if self._leaves(me, idle=stopping and not worked):
                close_thread_loop()
                break
            if not worked:
                self._sleep(seen)

    def _once(self, me: threading.Thread) -> bool:
        deliveries = self._take()
        if not deliveries:
            return False
        self._threads[me] = time.monotonic()
        try:
            self._invoke(deliveries)
        finally:
            self._queue.let_go(self.name, deliveries)
            self._threads[me] = 0.0
        return True

    def _leaves(self, me: threading.Thread, *, idle: bool) -> bool:
        """Whether this thread ends: nothing is left to do, or another one is free to do it."""
        with self._changed:
            others = [since for thread, since in self._threads.items() if thread is not me]
            leaves = idle or any(not self._held_up(since) for since in others)
            if leaves:
                del self._threads[me]
        return leaves

    @staticmethod
    def _held_up(since: float) -> bool:
        return bool(since) and time.monotonic() - since > _HELD_UP

    def _take(self) -> list[Delivery]:
        if self._gathering:
            time.sleep(_GATHER)
        taken = self._queue.take(self.name, self._batch)
        self._gathering = _BUSY <= len(taken) < self._batch
        return taken

    def _invoke(self, deliveries: list[Delivery]) -> None:
        with self._queue.invocation() as unit:
            failed = self._call(deliveries, unit)
            if self._following is not None:
                self._following.join(unit)
        done = [delivery.handle for delivery in deliveries if delivery.id not in failed]
        unit.acknowledged = self._queue.handles(self.name, done)
        for delivery in deliveries:
            if delivery.id in failed:
                delay = min(2.0**delivery.receive_count, _MAX_BACKOFF)
                unit.released.extend((handle, delay) for handle in self._queue.handles(self.name, [delivery.handle]))
        self._queue.commit(unit)
        if unit.released or any(row[0] == self.name for row in unit.inserts):
            self.wake()  # a retry is due earlier than whoever sleeps here believes
        if self._following is not None and unit.inserts:
            self._following.wake()

    def _call(self, deliveries: Sequence[Delivery], unit: Unit) -> set[str]:
        """Call the function; returns the ids of what failed. What it has sent stands in `unit`."""
        began, before = time.monotonic(), len(unit.inserts)
        try:
            result = self._handler(sqs_event(self.name, deliveries), self._context)
            return {item["itemIdentifier"] for item in (result or {}).get("batchItemFailures", ())}
        except Exception as x:  # noqa: BLE001 - as in Lambda, whatever a handler raises fails its whole batch
            _log.error("function of queue %s failed: %r", self.name, x)
            del unit.inserts[before:]
            return {delivery.id for delivery in deliveries}
        finally:
            if time.monotonic() - began > _QUICK:
                self.slow()

    def _sleep(self, seen: int) -> None:
        due = self._queue.next_visible(self.name)
        seconds = _IDLE if due is None else min(_IDLE, max(0.0, due - time.time()))
        if self._sleeper is not None:
            self._sleeper.wait(seconds)
            return
        with self._changed:
            if self._wakes == seen and not self._stopping:
                self._changed.wait(seconds)
