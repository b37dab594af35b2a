"""What several threads of a process want at once is done by one of them, while the others wait for what it leaves behind."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Flights"]


class Flights:
    """A lock for each name that somebody works on."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._users: Counter[str] = Counter()

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Be the only one for this name; whoever comes in should first look whether it is done."""
        with self._mutex:
            lock = self._locks.setdefault(name, threading.Lock())
            self._users[name] += 1
        try:
            with lock:
                yield
        finally:
            with self._mutex:
                self._users[name] -= 1
                if not self._users[name]:
                    del self._users[name], self._locks[name]
