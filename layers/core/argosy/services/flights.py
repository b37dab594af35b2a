"""What several threads of a process want at once is done by one of them, and all are given what it comes to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from typing import Any

__all__ = ["Flights"]


class Flights:
    """What is being done, by its names, and what is to be done next."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._running: dict[Hashable, Future[Any]] = {}
        self._next: dict[Hashable, Future[Any]] = {}

    def shared[T](self, name: Hashable, does: Callable[[], T]) -> T:
        """What `does` comes to, or its error, whoever of those has called it that want the same now."""
        flight: Future[T] = Future()
        with self._mutex:
            running: Future[T] = self._running.setdefault(name, flight)
        return self._flown(name, flight, does) if running is flight else running.result()

    def anew[T](self, name: Hashable, does: Callable[[], T]) -> T:
        """The same, of what begins after this was called: those who come meanwhile wait, and share the next.

        Not with a name that `shared` is given.
        """
        flight: Future[T] = Future()
        with self._mutex:
            following: Future[T] = self._next.setdefault(name, flight)
            running = self._running.get(name)
        if following is not flight:
            return following.result()
        if running is not None:
            wait([running])
        with self._mutex:
            self._running[name] = self._next.pop(name)
        return self._flown(name, flight, does)

    def _flown[T](self, name: Hashable, flight: Future[T], does: Callable[[], T]) -> T:
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
                if self._running.get(name) is flight:
                    del self._running[name]
