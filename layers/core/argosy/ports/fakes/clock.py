"""A clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["FakeClock"]


class FakeClock:
    """Starts at `start` (default 2026-01-01T00:00:00Z) and moves only by `advance`, and by `sleep`, which takes no time.

    `while_asleep` is called in every sleep with its length: what others do meanwhile.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self.while_asleep: Callable[[float], object] = lambda _: None
        self.ending = False

    def now(self) -> datetime:
        """The time it was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward."""
        self._now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> bool:
        """See `Clock.sleep`."""
        if self.ending:
            return False
        self.advance(seconds)
        self.while_asleep(seconds)
        return not self.ending
