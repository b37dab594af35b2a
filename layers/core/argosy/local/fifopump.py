"""Pumps of FIFO queues: Lambda's event source mappings for those.

Unlike a `Pump`, one of these holds nothing back: what the function sends and writes is there when it returns, and then
its messages are acknowledged, as on AWS. Functions on FIFO queues write to the store and send to queues in an order that
survives a crash in between; a transaction over half of that would lose what the other half believes done. The messages of
a group that failed come again, and those behind them wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

from argosy.adapters.loops import close_thread_loop
from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.functions import Context, Handler, sqs_event
from argosy.ports.queue import Delivery

__all__ = ["FifoPump"]

_IDLE: Final = 1.0
_BATCH: Final = 10
_MAX_BACKOFF: Final = 60.0
_log = logging.getLogger("argosy.local")


class Wakeable(Protocol):
    """A pump that what was done here may have given work."""

    def wake(self) -> None:
        """Look now."""
        ...


class FifoPump:
    """Moves batches of `queue` through `handler` in `threads` threads; `after` are woken when it has worked."""

    def __init__(
        self, queue: SqliteQueue, name: str, handler: Handler, *, threads: int = 1, after: Sequence[Wakeable] = ()
    ) -> None:
        self._queue, self.name, self._handler, self._after = queue, name, handler, after
        self._context = Context(name)
        self._changed = threading.Condition()
        self._wakes = 0
        self._stopping = False
        self._threads = [threading.Thread(target=self._work, name=f"pump-{name}", daemon=True) for _ in range(threads)]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Messages may be there: one thread looks now, and wakes another if it finds more than its share."""
        with self._changed:
            self._wakes += 1
            self._changed.notify()

    def stop(self, seconds: float) -> bool:
        """Finish what is in flight; False if that took longer than `seconds`."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        while True:
            with self._changed:
                seen, stopping = self._wakes, self._stopping
            if stopping:
                close_thread_loop()
                return
            try:
                worked = self._once()
            except Exception as x:  # noqa: BLE001 - a pump that ends would hold up its queue without a word
                _log.error("queue %s: %r", self.name, x)
                worked = False
            if not worked:
                self._sleep(seen)

    def _once(self) -> bool:
        ready = self._queue.ready(self.name, _BATCH * len(self._threads))
        share = min(_BATCH, -(-ready // len(self._threads)))
        deliveries = self._queue.receive(self.name, share) if share else ()
        if not deliveries:
            return False
        if len(deliveries) < ready:
            self.wake()
        failed = self._call(deliveries)
        self._queue.delete(self.name, [one.handle for one in deliveries if one.id not in failed])
        for one in deliveries:
            if one.id in failed:
                self._queue.release(self.name, [one.handle], min(2.0**one.receive_count, _MAX_BACKOFF))
        for pump in self._after:
            pump.wake()
        return True

    def _call(self, deliveries: Sequence[Delivery]) -> set[str]:
        try:
            result = self._handler(sqs_event(self.name, deliveries), self._context)
        except Exception as x:  # noqa: BLE001 - as in Lambda, whatever a handler raises fails its whole batch
            _log.error("function of queue %s failed: %r", self.name, x)
            return {one.id for one in deliveries}
        return {item["itemIdentifier"] for item in (result or {}).get("batchItemFailures", ())}

    def _sleep(self, seen: int) -> None:
        later = self._queue.later(self.name)
        seconds = _IDLE if later is None else min(_IDLE, later)
        with self._changed:
            if self._wakes == seen and not self._stopping:
                self._changed.wait(seconds)
