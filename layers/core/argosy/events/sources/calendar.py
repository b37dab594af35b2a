"""Event source `calendar`: when it fires next, and what its event holds.

Follows `pkg/eventsources/sources/calendar/start.go` of Argo Events 1.9: a cron line of five fields (an optional `TZ=`
prefix, else `timezone`, else UTC) or an interval; an exclusion date skips every time on that calendar day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

import orjson

from argosy.errors import EvaluationError
from argosy.lang import cron, duration
from argosy.resources.eventsource import CalendarSource

__all__ = ["due_times", "next_times", "payload", "rfc3339"]

_EXCLUSION = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\Z")
_MAX_SKIPPED = 100_000
_FOR_EVER = timedelta(days=366)


def next_times(entry: CalendarSource, after: datetime) -> Iterator[datetime]:
    """Yield the times strictly after `after` (aware) at which the entry fires, in UTC; ends when there is none.

    Raises EvaluationError for a schedule, interval, timezone or exclusion date that cannot be read.
    """
    zone = cron.load_zone(entry.timezone)
    excluded = _excluded_days(entry.exclusion_dates)
    skipped = 0
    for at in _times(entry, after, zone):
        if at.astimezone(zone).date().isoformat() in excluded:
            skipped += 1
            if skipped > _MAX_SKIPPED:
                return
            continue
        skipped = 0
        yield at


def due_times(
    entry: CalendarSource, last: datetime, now: datetime, late: timedelta, limit: int
) -> tuple[list[datetime], datetime]:
    """Times after `last` and up to `now` that are to fire now, and the time from which the next one counts.

    What is older than `late` fires only when the entry's catch-up asks for it, back to its `maxDuration`. At most `limit`
    times; the rest is due again at once.
    """
    start = max(last, now - (_catchup(entry) or late))
    if entry.interval and not entry.schedule:
        step = _step(entry.interval)
        start = last + (start - last) // step * step
    times: list[datetime] = []
    for at in next_times(entry, start):
        if at > now or len(times) == limit:
            break
        times.append(at)
    return times, times[-1] if times else start


def _catchup(entry: CalendarSource) -> timedelta | None:
    catchup = entry.persistence.catchup if entry.persistence else None
    if catchup is None or not catchup.enabled:
        return None
    return timedelta(microseconds=duration.parse(catchup.max_duration) / 1000) if catchup.max_duration else _FOR_EVER


def payload(entry: CalendarSource, at: datetime) -> str:
    """The event's payload for the time `at`: `eventTime` in the entry's timezone, as Go prints a time, and metadata."""
    zone = cron.load_zone(entry.timezone)
    body: dict[str, object] = {"eventTime": _go_time(at.astimezone(zone), entry.timezone)}
    if entry.metadata:
        body["metadata"] = dict(entry.metadata)
    return orjson.dumps(body).decode()


def rfc3339(at: datetime) -> str:
    """UTC text with the fraction's trailing zeros cut, as Go's RFC3339Nano."""
    text = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def _times(entry: CalendarSource, after: datetime, zone: tzinfo) -> Iterator[datetime]:
    if entry.schedule:
        schedule = cron.parse(entry.schedule, timezone=zone, descriptors=False)
        at: datetime | None = after
        while at is not None and (at := schedule.next(at)) is not None:
            yield at
    elif entry.interval:
        step = _step(entry.interval)
        at = after.astimezone(UTC)
        while True:
            at = at.replace(microsecond=0) + step
            yield at
    else:
        raise EvaluationError("a calendar needs a schedule or an interval")


def _step(interval: str) -> timedelta:
    step = timedelta(microseconds=duration.parse(interval) / 1000)
    if step < timedelta(seconds=1):
        raise EvaluationError(
            f"interval {interval!r} is shorter than 1s: it would never move on, fractions are dropped"
        )
    return step


def _excluded_days(lines: list[str]) -> set[str]:
    days: set[str] = set()
    for line in lines:
        if not line.startswith("EXDATE:"):
            continue
        for text in line.removeprefix("EXDATE:").split(","):
            found = _EXCLUSION.match(text)
            try:
                if not found:
                    raise ValueError("not YYYYMMDDTHHMMSSZ")
                days.add(datetime(*(int(part) for part in found.groups()), tzinfo=UTC).date().isoformat())  # type: ignore[misc,arg-type]  # six numbers
            except ValueError as x:
                raise EvaluationError(f"exclusion date {text!r} in {line!r}: {x}") from None
    return days


def _go_time(at: datetime, zone: str) -> str:
    name = at.tzname() or zone or "UTC"
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".") if at.microsecond else ""
    return f"{at:%Y-%m-%d %H:%M:%S}{fraction} {at:%z} {name}"
