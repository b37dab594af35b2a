"""Open connections of the HTTP client: who keeps how many, and when they are closed.

Each event loop has its own pools, one for each target; the client takes connections from them and gives them back, and
whoever runs the loop says when a batch ended (`rest`) and when the loop is over (`close_pools`). There is no timer: old
connections are closed when a pool is used and when a batch ends. All loops together keep below a limit, so that many
threads and targets cannot use up the process's file descriptors. Go's transport closes idle connections after 90 s and
knows no limit; here many threads share one process, hence the stricter figures.

Imports nothing of the client, so that functions which send no HTTP do not load it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from collections import deque
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argosy.adapters.http.connection import Connection

__all__ = ["KEPT_SECONDS", "OPEN_AT_MOST", "PER_TARGET", "Key", "Pool", "Pools", "Slot", "close_pools", "here", "rest"]

PER_TARGET: Final = 16
KEPT_SECONDS: Final = 30.0
OPEN_AT_MOST = 400
_SWEEP_EVERY: Final = 1.0

# Scheme, host, port, and the TLS settings themselves, not their id: an id is used again once its object is gone.
Key = tuple[bool, str, int, Any]


@dataclass(slots=True, eq=False)
class Pool:
    """Connections to one target, the one used last at the end; `users` counts the requests that are at it."""

    idle: deque[Connection] = field(default_factory=deque)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PER_TARGET))
    users: int = 0


class Slot:
    """The right to one open connection. Give it back with `release`, once or more often."""

    __slots__ = ("_held", "_pools")

    def __init__(self, pools: Pools) -> None:
        self._pools, self._held = pools, True

    def release(self) -> None:
        """The connection is gone, or never came to be."""
        if not self._held:
            return
        self._held = False
        with _lock:
            self._pools.open -= 1
        _wake_one()


class Pools:
    """All connections of one event loop. Only that loop's thread calls it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.open = 0
        self.asked = False
        self._pools: dict[Key, Pool] = {}
        self._sweep_at = 0.0

    def of(self, key: Key) -> Pool:
        """The pool of a target; the caller counts itself among its users before it waits for anything."""
        now = self.loop.time()
        if now >= self._sweep_at:
            self.sweep(now)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool()
        return pool

    def keep(self, pool: Pool, connection: Connection) -> None:
        """Take back a connection that another request may use."""
        if _waiting:  # for other targets; while the process is at its limit none lies idle
            connection.close()
            return
        connection.idle_since = self.loop.time()
        pool.idle.append(connection)

    def sweep(self, now: float) -> bool:
        """Close what lay idle for too long and forget targets without connections; True if something was closed."""
        closed, oldest = False, now
        for key, pool in list(self._pools.items()):
            while pool.idle and pool.idle[0].idle_since <= now - KEPT_SECONDS:
                pool.idle.popleft().close()
                closed = True
            if pool.idle:
                oldest = min(oldest, pool.idle[0].idle_since)
            elif not pool.users:
                del self._pools[key]
        self._sweep_at = max(now + _SWEEP_EVERY, oldest + KEPT_SECONDS)
        return closed

    def shed(self, count: int) -> bool:
        """Close so many idle connections, those idle longest first; True if there was one."""
        idle = [(one.idle_since, one, pool) for pool in self._pools.values() for one in pool.idle]
        closed = 0
        for _, connection, pool in sorted(idle, key=itemgetter(0)):
            if closed >= count:
                break
            pool.idle.remove(connection)
            closed += connection.reusable  # one that its peer has closed already makes no room
            connection.close()
        return closed > 0

    async def claim(self) -> Slot:
        """The right to open a connection, as soon as the process has fewer than it may."""
        while True:
            ready = self.loop.create_future()
            with _lock:
                if _open() < OPEN_AT_MOST:
                    self.open += 1
                    return Slot(self)
                _waiting.append(ready)
            if not self.shed(1):
                self._ask_others()
            try:
                await ready
            except asyncio.CancelledError:
                self._give_up(ready)
                raise

    def _give_up(self, ready: asyncio.Future[None]) -> None:
        try:
            _waiting.remove(ready)
        except ValueError:
            _wake_one()  # the slot that was meant for this one is the next one's

    def _ask_others(self) -> None:
        with _lock:
            others = list(_all)
        for other in others:
            if other is not self and not other.asked:
                other.asked = True
                with contextlib.suppress(RuntimeError):  # its loop is closed
                    other.loop.call_soon_threadsafe(other.answer)

    def answer(self) -> None:
        """Close idle connections for the requests of other loops that wait for a slot."""
        self.asked = False
        self.shed(len(_waiting))

    def rest(self) -> bool:
        """Nothing runs on the loop until the next batch; True if something was closed.

        A loop at rest cannot give way to others. So it keeps connections only while all loops have half of what is
        allowed: the other half is then always left for those that work.
        """
        now = self.loop.time()
        closed = now >= self._sweep_at and self.sweep(now)
        with _lock:
            crowded = bool(_waiting) or _open() > OPEN_AT_MOST // 2
        return (crowded and self.close()) or closed

    def close(self) -> bool:
        """Close all idle connections; True if there was one."""
        return self.shed(self.open)


class _Here(threading.local):
    pools: Pools | None = None


_here = _Here()
_lock = threading.Lock()
_all: weakref.WeakSet[Pools] = weakref.WeakSet()
_waiting: deque[asyncio.Future[None]] = deque()


def here() -> Pools:
    """The pools of the running loop."""
    loop, found = asyncio.get_running_loop(), _here.pools
    if found is None or found.loop is not loop:
        found = _here.pools = Pools(loop)
        with _lock:
            _all.add(found)
    return found


def rest(loop: asyncio.AbstractEventLoop) -> bool:
    """A batch of this thread's loop ended; True if connections were closed, which the loop has to complete."""
    found = _here.pools
    return found is not None and found.loop is loop and found.rest()


def close_pools(loop: asyncio.AbstractEventLoop) -> None:
    """This thread's loop is about to be closed: close its connections, which the loop has to complete."""
    found = _here.pools
    if found is not None and found.loop is loop:
        found.close()
        _here.pools = None


def _open() -> int:
    return sum(pools.open for pools in _all if not pools.loop.is_closed())


def _wake_one() -> None:
    while True:
        try:
            ready = _waiting.popleft()
        except IndexError:
            return
        with contextlib.suppress(RuntimeError):  # its loop is closed: the next one
            ready.get_loop().call_soon_threadsafe(_resolve, ready)
            return


def _resolve(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
