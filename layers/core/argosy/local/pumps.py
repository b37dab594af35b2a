"""Pumps: what Lambda's event source mappings are on AWS.

A pump takes batches from one queue, calls the function that consumes it and settles the batch: the records that the
function did not report as failed are acknowledged in the same transaction that writes what the function sent. A pump
works with one thread; while all its threads are held up by something slow and messages wait, it takes another, up to
its limit, so that one dead target does not hold up the rest. What a pump's function sends to the queue of the
`following` pump is handed over in memory. With a `pipe` the pump's thread itself waits there for the wake-ups of
other processes.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from argosy.adapters.powertools import close_thread_loop
from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.functions import Context, Handler, sqs_event
from argosy.local.wake import Sleeper, Waker
from argosy.ports.queue import Delivery

__all__ = ["Pump"]

_log = logging.getLogger("argosy.local")
_IDLE = 5.0
_HELD_UP = 0.25
_QUICK = 0.02
_SLOW_MEMORY = 30.0
_MAX_BACKOFF = 60.0
_MAX_HANDED = 2000
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
        self._handed: deque[Delivery] = deque()
        self._gathering = False
        self._slow_at = -_SLOW_MEMORY

    @property
    def roomy(self) -> bool:
        """Whether it can take messages handed over in memory; else they wait in the queue."""
        return len(self._handed) < _MAX_HANDED

    def hand(self, deliveries: Sequence[Delivery]) -> None:
        """Take messages that were written as received already.

        As long as all are done in a moment they are done at once, by the caller's thread: waking another one costs more.
        """
        quick = time.monotonic() - self._slow_at > _SLOW_MEMORY
        if quick and not self._handed and len(deliveries) <= self._batch:
            self._invoke(list(deliveries))
            return
        self._handed.extend(deliveries)
        self.wake()

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
            count = len(self._threads)
            held_up = all(self._held_up(since) for since in self._threads.values())
        if count >= self._limit or not held_up:
            return
        due = self._queue.next_visible(self.name)
        if self._handed or (due is not None and due <= time.time()):
            self._spawn()

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
        taken: list[Delivery] = []
        with contextlib.suppress(IndexError):
            while len(taken) < self._batch:
                taken.append(self._handed.popleft())
        taken = taken or self._queue.receive(self.name, self._batch)
        self._gathering = _BUSY <= len(taken) < self._batch
        return taken

    def _invoke(self, deliveries: list[Delivery]) -> None:
        began = time.monotonic()
        with self._queue.invocation() as unit:
            try:
                result = self._handler(sqs_event(self.name, deliveries), self._context)
                failed = {item["itemIdentifier"] for item in (result or {}).get("batchItemFailures", ())}
            except Exception as x:  # noqa: BLE001 - as in Lambda, whatever a handler raises fails its whole batch
                _log.error("function of queue %s failed: %r", self.name, x)
                failed = {delivery.id for delivery in deliveries}
                unit.inserts.clear()
        if self._following is not None and self._following.roomy:
            unit.keep = self._following.name
        done = [delivery.handle for delivery in deliveries if delivery.id not in failed]
        unit.acknowledged = self._queue.handles(self.name, done)
        for delivery in deliveries:
            if delivery.id in failed:
                delay = min(2.0**delivery.receive_count, _MAX_BACKOFF)
                unit.released.extend((handle, delay) for handle in self._queue.handles(self.name, [delivery.handle]))
        self._queue.commit(unit)
        ended = time.monotonic()
        if ended - began > _QUICK:
            self._slow_at = ended
        if unit.released or any(row[0] == self.name for row in unit.inserts):
            self.wake()  # a retry is due earlier than whoever sleeps here believes
        if self._following is not None and unit.kept:
            self._following.hand(unit.kept)

    def _sleep(self, seen: int) -> None:
        due = self._queue.next_visible(self.name)
        seconds = _IDLE if due is None else min(_IDLE, max(0.0, due - time.time()))
        if self._sleeper is not None:
            self._sleeper.wait(seconds)
            return
        with self._changed:
            if self._wakes == seen and not self._stopping:
                self._changed.wait(seconds)
