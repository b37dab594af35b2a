"""For how long a status may wait for the next turn, which most often has more to say.

While a rollout goes on, its ReplicaSets tell of every pod and each time only counts change. Written at once, they keep the
API server from what the rollout waits for. Kept in the memory of the one process that takes the turns: one that begins
anew lets a status wait once more.
"""

from __future__ import annotations

import threading

from argosy.ports.clock import Clock

__all__ = ["Patience"]


class Patience:
    """Remembers since when the statuses of objects wait, each at most `seconds`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.seconds = seconds
        self._clock = clock
        self._mutex = threading.Lock()
        self._ends: dict[str, float] = {}

    def lasts(self, key: str) -> bool:
        """Whether the status of an object may wait (longer)."""
        now = self._clock.now().timestamp()
        with self._mutex:
            if now < self._ends.setdefault(key, now + self.seconds):
                return True
            del self._ends[key]
            return False

    def ends(self, key: str) -> None:
        """Nothing of an object waits any more."""
        with self._mutex:
            self._ends.pop(key, None)
