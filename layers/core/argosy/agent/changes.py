"""What has changed and is not reported yet: coalesced where only the last state counts, bounded, in order per object.

Reflectors put in, the reporter takes out. When it is full, `put` waits: a watch that is not read holds up its connection,
the API server closes it in the end, and the agent lists again. So a slow queue costs time and no memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import Wanted

__all__ = ["Changes", "Weighed"]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A change with its object as JSON text, which is what it weighs; b"" when it has none."""

    item: Item
    text: bytes

    @property
    def weight(self) -> int:
        """Bytes in a message, about."""
        return len(self.text) + 200


type _Name = tuple[str, str]


class Changes:
    """At most `room` bytes of changes; `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float], room: int = 8_000_000) -> None:
        self._clock, self._room = clock, room
        self._weight = 0
        self._ready: deque[Weighed] = deque()
        self._held: dict[_Name, tuple[Weighed, float]] = {}
        self._silent_until: dict[_Name, float] = {}
        self._more, self._less = asyncio.Event(), asyncio.Event()
        self._less.set()

    @property
    def weight(self) -> int:
        """Bytes that wait."""
        return self._weight

    async def put(self, wanted: Wanted, item: Item, body: Mapping[str, Any] | None) -> None:
        """Add a change; waits while there is no room."""
        one = Weighed(item, orjson.dumps(body) if body is not None else b"")
        name = (item.scope, item.uid)
        while self._weight >= self._room and not (wanted.coalesced and name in self._held):
            self._less.clear()
            await self._less.wait()
        self._weight += one.weight
        if wanted.coalesced and name in self._held:
            self._weight -= self._held[name][0].weight
            self._held[name] = one, wanted.pause
        elif wanted.coalesced and item.type != "DELETED" and self._silent_until.get(name, 0.0) > self._clock():
            self._held[name] = one, wanted.pause
        else:
            self._append(name, one, wanted.pause if wanted.coalesced else None)
        if item.type == "DELETED" and name in self._held:
            self._append(name, self._held.pop(name)[0], None)
        self._more.set()

    async def take(self, most: int) -> list[Weighed]:
        """The oldest changes, up to `most` bytes but one at least; waits until there is one."""
        while True:
            self._release()
            if self._ready:
                break
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), self._next())
            except TimeoutError:
                continue
        taken = [self._ready.popleft()]
        size = taken[0].weight
        while self._ready and size + self._ready[0].weight <= most:
            taken.append(self._ready.popleft())
            size += taken[-1].weight
        return taken

    def done(self, taken: list[Weighed]) -> None:
        """What was taken is sent: there is room for others."""
        self._weight -= sum(one.weight for one in taken)
        self._less.set()

    def _append(self, name: _Name, one: Weighed, pause: float | None) -> None:
        self._ready.append(one)
        if pause is not None:
            self._silent_until[name] = self._clock() + pause

    def _release(self) -> None:
        """Held changes whose pause is over are ready, and the times of others are forgotten."""
        now = self._clock()
        over = [name for name, until in self._silent_until.items() if until <= now]
        for name in over:
            del self._silent_until[name]
            if name in self._held:
                self._append(name, *self._held.pop(name))

    def _next(self) -> float | None:
        """Seconds until a held change is ready, None when there is none."""
        if not self._held:
            return None
        now = self._clock()
        return max(0.0, min(self._silent_until[name] for name in self._held) - now) + 0.001
