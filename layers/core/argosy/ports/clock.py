"""Clock port: the only way in which services and adapters learn the time.

Deciding code never holds a clock; it is given `now` as an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "stamp"]


class Clock(Protocol):
    """Tells the time as an aware UTC datetime."""

    def now(self) -> datetime:
        """Current time, timezone UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Current time, timezone UTC."""
        return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """RFC 3339 text of a UTC time, always with microseconds, so that texts sort as times do."""
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
