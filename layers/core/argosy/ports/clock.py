"""Clock port: the only way in which services and adapters learn the time, and wait for it to pass.

Deciding code never holds a clock; it is given `now` as an argument.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "stamp"]


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime:
        """Current time, timezone UTC."""
        ...

    def sleep(self, seconds: float) -> bool:
        """Let time pass; False, at once, when this process is about to end and nobody should wait any longer."""
        ...


class SystemClock:
    """The machine's clock."""

    def __init__(self) -> None:
        self._ending = threading.Event()

    def now(self) -> datetime:
        """Current time, timezone UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> bool:
        """See `Clock.sleep`."""
        return not self._ending.wait(seconds)

    def end(self) -> None:
        """Wake all who sleep, and let nobody sleep again."""
        self._ending.set()


def stamp(at: datetime) -> str:
    """RFC 3339 text of a UTC time, always with microseconds, so that texts sort as times do."""
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
