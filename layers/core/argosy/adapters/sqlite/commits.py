"""Whether another process has written to a database, told without asking SQLite.

Eight bytes of the lock file, which all processes map: the number of transactions, twice, and odd while one is written. Only
who holds the lock counts. A process that is killed while it writes leaves an odd number, by which nobody trusts what he
knows until the next one has written.
"""

from __future__ import annotations

import mmap
import os
import threading

__all__ = ["Commits"]

_BYTES = 8


class Commits:
    """The count in the file behind `handle`, and what of it was our own. Made by who holds the lock. Raises OSError."""

    def __init__(self, handle: int) -> None:
        if os.fstat(handle).st_size < _BYTES:
            os.pwrite(handle, bytes(_BYTES), 0)  # not a hole, which a full disk could not fill later
        self._map = mmap.mmap(handle, _BYTES)
        self._count = memoryview(self._map).cast("Q")
        self._mutex = threading.Lock()
        self._known = self._count[0]
        self._ours = 0
        self._epoch = 0

    def begin(self) -> None:
        """We begin a transaction, and hold the lock."""
        with self._mutex:
            now = self._count[0]
            if now != self._known:
                self._epoch += 1
            self._count[0] = self._ours = now | 1

    def end(self) -> None:
        """Our transaction has ended, one way or the other."""
        with self._mutex:
            self._known = self._ours + 1
            self._count[0] = self._known

    def epoch(self) -> int | None:
        """Another number after each time that another process has written; None while one does."""
        if self._count[0] in (self._known, self._ours):
            return self._epoch
        with self._mutex:
            now = self._count[0]
            if now in (self._known, self._ours):
                return self._epoch
            if now % 2:
                return None
            self._epoch += 1
            self._known = now
            return self._epoch

    def close(self) -> None:
        """Give the memory back."""
        self._count.release()
        self._map.close()
