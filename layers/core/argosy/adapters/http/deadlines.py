"""Time limits for many requests with one timer.

`asyncio.timeout` sets a timer of the event loop for each request, which was a tenth of what a trigger costs. Here one
timer for each loop looks at all requests twice a second; a limit is kept to within half a second.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Deadlines"]

_LOOK = 0.5


@dataclass(slots=True)
class _Watch:
    """The requests of one loop that are under way: task → when its time is over, on the loop's clock."""

    loop: asyncio.AbstractEventLoop
    ends: dict[asyncio.Task[Any], float] = field(default_factory=dict)
    expired: set[asyncio.Task[Any]] = field(default_factory=set)
    looking: bool = False

    def look(self) -> None:
        now = self.loop.time()
        for task, end in list(self.ends.items()):
            if end <= now and task not in self.expired:
                self.expired.add(task)
                task.cancel()
        self.looking = bool(self.ends)
        if self.looking:
            self.loop.call_later(_LOOK, self.look)


class Deadlines(threading.local):
    """Limits of the tasks of this thread's loop; one at a time for each task."""

    def __init__(self) -> None:
        self._watch: _Watch | None = None

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Cancel the block when it takes longer; it then raises TimeoutError."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        watch = self._watch
        if watch is None or watch.loop is not loop:
            watch = self._watch = _Watch(loop)
        if task is None:
            raise RuntimeError("a limit needs a task to cancel")
        watch.ends[task] = loop.time() + seconds
        if not watch.looking:
            watch.looking = True
            loop.call_later(min(_LOOK, seconds), watch.look)
        try:
            yield
        except asyncio.CancelledError:
            if task in watch.expired:
                task.uncancel()
                raise TimeoutError from None
            raise
        finally:
            watch.expired.discard(task)
            del watch.ends[task]
