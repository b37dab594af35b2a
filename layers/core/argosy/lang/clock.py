"""Clock times as Argo's time filters have them: `HH:MM:SS`, placed on a day (Go's time.Parse, common.ParseTime).

In: a text, a day, a time zone. Out: the instant. A clock time that a change of the clocks skips is read with the offset
after it, one that comes twice is the first.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["on_day", "parse"]

_CLOCK: Final = re.compile(r" *([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?\Z", re.ASCII)


def parse(text: str) -> time:
    """The time of day. Blanks before it and a fraction of the second are taken. Raises EvaluationError."""
    found = _CLOCK.match(text)
    if found is None:
        raise EvaluationError(f"{text!r} is no time of day such as 09:30:00")
    try:
        return time(int(found[1]), int(found[2]), int(found[3]), int((found[4] or "")[:6].ljust(6, "0")))
    except ValueError as x:
        raise EvaluationError(f"{text!r} is no time of day: {x}") from x


def on_day(clock: time, day: date, zone: tzinfo) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `clock` on `day`."""
    wall = datetime.combine(day, clock, zone)
    instant = wall.astimezone(UTC)
    skipped = instant.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None)
    return wall.replace(fold=1).astimezone(UTC) if skipped else instant
