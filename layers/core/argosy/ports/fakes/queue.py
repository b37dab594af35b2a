"""Queue in memory, with the whole of the port's semantics."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from argosy.errors import NotFound
from argosy.ports.clock import Clock
from argosy.ports.queue import DEDUP_SECONDS, Delivery, Depth, Outgoing, QueueSpec
from argosy.ports.queuerules import check_outgoing

__all__ = ["FakeQueue"]


@dataclass(slots=True)
class _Held:
    id: str
    message: Outgoing
    sent_at: float
    visible_at: float
    receive_count: int = 0
    handle: str = ""


class FakeQueue:
    """Lists of messages behind a lock."""

    def __init__(self, specs: Iterable[QueueSpec], clock: Clock) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._clock = clock
        self._held: dict[str, list[_Held]] = {name: [] for name in self._specs}
        self._dedup: dict[tuple[str, str], tuple[float, str]] = {}
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        """See `Queue.send`."""
        spec = self._spec(queue)
        check_outgoing(spec, messages)
        now = self._clock.now().timestamp()
        with self._lock:
            return [self._add(spec, message, now) for message in messages]

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        """See `Queue.receive`."""
        spec, now = self._spec(queue), self._clock.now().timestamp()
        with self._lock:
            self._bury(spec, now)
            busy = {h.message.group for h in self._held[queue] if h.visible_at > now} if spec.fifo else set()
            ready = [h for h in self._held[queue] if h.visible_at <= now and h.message.group not in busy]
            for held in ready[:limit]:
                held.receive_count += 1
                held.visible_at = now + spec.visibility
                held.handle = f"{held.id}:{held.receive_count}"
            return [
                Delivery(
                    h.id,
                    h.message.body,
                    h.handle,
                    h.receive_count,
                    h.sent_at,
                    h.message.group,
                    dict(h.message.attributes or {}),
                )
                for h in ready[:limit]
            ]

    def delete(self, queue: str, handles: Sequence[str]) -> None:
        """See `Queue.delete`."""
        self._spec(queue)
        with self._lock:
            self._held[queue] = [h for h in self._held[queue] if not h.handle or h.handle not in handles]

    def release(self, queue: str, handles: Sequence[str], delay: float = 0.0) -> None:
        """See `Queue.release`."""
        self._spec(queue)
        with self._lock:
            for held in self._held[queue]:
                if held.handle and held.handle in handles:
                    held.visible_at, held.handle = self._clock.now().timestamp() + delay, ""

    def depth(self, queue: str) -> Depth:
        """See `Queue.depth`."""
        self._spec(queue)
        now = self._clock.now().timestamp()
        with self._lock:
            held = self._held[queue]
            visible = sum(h.visible_at <= now for h in held)
            in_flight = sum(h.visible_at > now and bool(h.handle) for h in held)
            return Depth(visible, in_flight, len(held) - visible - in_flight)

    def _spec(self, queue: str) -> QueueSpec:
        if queue not in self._specs:
            raise NotFound(f"queue {queue} is not declared")
        return self._specs[queue]

    def _add(self, spec: QueueSpec, message: Outgoing, now: float) -> str:
        if spec.fifo and message.dedup:
            until, known = self._dedup.get((spec.name, message.dedup), (0.0, ""))
            if until > now:
                return known
        new = f"m{next(self._ids)}"
        if spec.fifo and message.dedup:
            self._dedup[spec.name, message.dedup] = (now + DEDUP_SECONDS, new)
        self._held[spec.name].append(_Held(new, message, now, now + message.delay))
        return new

    def _bury(self, spec: QueueSpec, now: float) -> None:
        if not spec.dlq:
            return
        dead = [h for h in self._held[spec.name] if h.visible_at <= now and h.receive_count >= spec.max_receives]
        for held in dead:
            self._held[spec.name].remove(held)
            held.receive_count, held.handle, held.visible_at = 0, "", now
            self._held[spec.dlq].append(held)
