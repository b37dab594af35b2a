"""What several threads of a process want at once is done by one of them, and all are given what it comes to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

__all__ = ["Flights"]


class Flights:
    """What is being done, by its names."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._running: dict[str, Future[Any]] = {}

    def shared[T](self, name: str, does: Callable[[], T]) -> T:
        """What `does` comes to, or its error, whoever of those has called it that want the same now."""
        flight: Future[T] = Future()
        with self._mutex:
            running: Future[T] = self._running.setdefault(name, flight)
        if running is not flight:
            return running.result()
        try:
            found = does()
        except BaseException as x:
            flight.set_exception(x)
            raise
        else:
            flight.set_result(found)
            return found
        finally:
            with self._mutex:
                del self._running[name]
