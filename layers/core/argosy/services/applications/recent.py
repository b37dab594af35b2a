"""The last few of something, by key, for several threads."""

from __future__ import annotations

import threading
from collections import OrderedDict

__all__ = ["Recent"]


class Recent[K, V]:
    """At most `most` values; the one that was asked for longest ago goes first."""

    def __init__(self, most: int) -> None:
        self._most, self._mutex = most, threading.Lock()
        self._known: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, None when it is not there."""
        with self._mutex:
            if key not in self._known:
                return None
            self._known.move_to_end(key)
            return self._known[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        with self._mutex:
            self._known[key] = value
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def drop(self, key: K) -> None:
        """Forget a value."""
        with self._mutex:
            self._known.pop(key, None)
