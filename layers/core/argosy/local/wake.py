"""Wakes a process of this installation at once, without polling: a named pipe that carries nothing but one byte.

A lost wake-up costs a moment, never an event, because every sleeper also looks by itself from time to time.
"""

from __future__ import annotations

import os
import select
import stat
from pathlib import Path

from argosy.services.queues import (
    AGENT_COMMANDS,
    AGENT_REPORTS,
    RECONCILE_APP,
    RECONCILE_DOOR,
    RECONCILE_ROLLOUT,
    RECONCILE_SOURCE,
    TIMERS,
)

__all__ = ["WORK", "Sleeper", "Waker"]

WORK = (AGENT_COMMANDS, AGENT_REPORTS, RECONCILE_APP, RECONCILE_DOOR, RECONCILE_ROLLOUT, RECONCILE_SOURCE, TIMERS)
"""The queues of which the gateway tells the worker by the pipe `work`; the bus has one to itself."""


class Sleeper:
    """The end that is woken."""

    def __init__(self, path: Path) -> None:
        if path.exists() and not stat.S_ISFIFO(path.stat().st_mode):
            path.unlink()
        if not path.exists():
            os.mkfifo(path, 0o600)
        # Open for writing too: otherwise the pipe ends each time its last writer closes.
        self._handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._handle, select.POLLIN)

    def fileno(self) -> int:
        """For an event loop's `add_reader`."""
        return self._handle

    def wait(self, seconds: float) -> bool:
        """Sleep until woken (True) or until `seconds` have passed (False)."""
        if not self._poll.poll(max(0.0, seconds) * 1000):
            return False
        self.clear()
        return True

    def clear(self) -> None:
        """Forget wake-ups that have arrived."""
        try:
            while len(os.read(self._handle, 4096)) == 4096:
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Close the pipe."""
        os.close(self._handle)


class Waker:
    """The end that wakes; made before or after the sleeper, and outliving it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def wake(self) -> None:
        """Wake the sleeper if there is one."""
        try:
            if self._handle is None:
                self._handle = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._handle, b"!")
        except BlockingIOError:
            pass  # the pipe is full: it has been woken more than once already
        except OSError:
            self.close()

    def close(self) -> None:
        """Close the pipe."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
