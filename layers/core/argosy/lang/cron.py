"""Cron schedules.

In: a spec such as `*/15 9-17 * * MON-FRI`, `@daily` or `@every 1h30m`; out: the times at which it fires. Called by the
calendar source, sensors' `conditionsReset`, CronWorkflows and sync windows. Behaves as robfig/cron 3.0.1 (MIT), down to
the days on which clocks change: a local time that does not exist is skipped, one that comes twice fires twice.

On purpose different: `prev` has no model in robfig/cron; it looks backwards by the same rules, as Argo Events does for
`conditionsReset`. A spec with only a zone is an error, where robfig panics.
"""

from __future__ import annotations

import dataclasses
import functools
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from argosy.errors import EvaluationError
from argosy.lang import duration

__all__ = ["Schedule", "load_zone", "parse"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = 5
_MINUTE, _HOUR = 60, 3600

_MONTHS = {name: i for i, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WEEKDAYS = {name: i for i, name in enumerate("sun mon tue wed thu fri sat".split())}
_NAMED = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}


class Schedule(Protocol):
    """When something fires."""

    def next(self, after: datetime) -> datetime | None:
        """Return the first time strictly after an instant, in UTC; None when there is none within five years."""

    def prev(self, before: datetime) -> datetime | None:
        """Return the last time strictly before an instant, in UTC; None when there is none within five years."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Values:
    """What one field of a spec allows; `star` when it was written as a plain `*` or `?`."""

    allowed: frozenset[int]
    star: bool

    def __contains__(self, value: int) -> bool:
        return value in self.allowed


@dataclasses.dataclass(frozen=True, slots=True)
class _Field:
    """The bounds and names of one place in a spec."""

    title: str
    least: int
    most: int
    names: dict[str, int] = dataclasses.field(default_factory=dict)


_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _WEEKDAYS),
)


@functools.lru_cache(maxsize=1024)
def parse(
    spec: str,
    *,
    timezone: tzinfo = UTC,
    seconds: bool = False,
    optional_weekday: bool = False,
    descriptors: bool = True,
) -> Schedule:
    """Read a spec. Raises EvaluationError when it is wrong.

    The fields are minute, hour, day of month, month and day of week, with `seconds` a field for them comes first; the
    last one may be left out with `optional_weekday`. `descriptors` allows `@daily` and the like. The fields are read in
    the zone of a prefix `TZ=…` or `CRON_TZ=…`, else in `timezone`.
    """
    rest = spec
    if spec.startswith(("TZ=", "CRON_TZ=")):
        name, blank, rest = spec.partition(" ")
        if not blank:
            raise _bad(spec, "there is only a zone, no schedule")
        zone = name.partition("=")[2]
        timezone = timezone if zone == "Local" else load_zone(zone)
        rest = rest.strip()
    if rest.startswith("@"):
        if not descriptors:
            raise _bad(spec, "words such as @daily are not allowed here; write the five fields")
        return _descriptor(spec, rest, timezone)
    fields = rest.split()
    most = 6 if seconds else 5
    if optional_weekday and len(fields) == most - 1:
        fields.append("*")
    if len(fields) != most:
        raise _bad(spec, f"it has {len(fields)} fields, {most} are needed")
    if not seconds:
        fields.insert(0, "0")
    return _spec(spec, fields, timezone)


def load_zone(name: str) -> tzinfo:
    """Return an IANA time zone; the empty name is UTC. Raises EvaluationError when there is none of that name."""
    if name in ("", "UTC"):
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise EvaluationError(
            f"there is no time zone {name[:60]!r}: write an IANA name such as Europe/Berlin"
        ) from error


def _descriptor(spec: str, word: str, timezone: tzinfo) -> Schedule:
    fields = _NAMED.get(word)
    if fields is not None:
        return _spec(spec, fields.split(), timezone)
    if word.startswith("@every "):
        nanoseconds = max(duration.parse(word.removeprefix("@every ")), duration.SECOND)
        return _Every(nanoseconds // duration.SECOND)
    raise _bad(spec, f"there is no word {word[:40]!r}; take @hourly, @daily, @weekly, @monthly, @yearly or @every 1h")


def _spec(spec: str, fields: list[str], timezone: tzinfo) -> Schedule:
    second, minute, hour, day, month, weekday = (
        _values(spec, text, field) for text, field in zip(fields, _FIELDS, strict=True)
    )
    return _Fields(second, minute, hour, day, month, weekday, timezone)


def _values(spec: str, text: str, field: _Field) -> _Values:
    allowed: set[int] = set()
    star = False
    for part in filter(None, text.split(",")):
        numbers, plain = _range(spec, part, field)
        allowed.update(numbers)
        star = star or plain
    return _Values(frozenset(allowed), star)


def _range(spec: str, text: str, field: _Field) -> tuple[range, bool]:
    """Read `*`, `5`, `5-10`, `*/15` or `5/15`; says also whether it is a plain star."""
    bounds, *steps = text.split("/")
    low, *high = bounds.split("-")
    star = low in ("*", "?")
    if star:
        first, last = field.least, field.most
    elif len(high) > 1:
        raise _bad(spec, f"{field.title} {text!r} has too many hyphens")
    else:
        first = _number(spec, low, field)
        last = _number(spec, high[0], field) if high else first
    step = 1
    if len(steps) > 1:
        raise _bad(spec, f"{field.title} {text!r} has too many slashes")
    if steps:
        step = _number(spec, steps[0], _Field("step", 0, field.most))
        last = last if high else field.most
    if not field.least <= first <= last <= field.most:
        raise _bad(spec, f"{field.title} {text!r} is not a range within {field.least} to {field.most}")
    if step == 0:
        raise _bad(spec, f"{field.title} {text!r} has a step of 0")
    return range(first, last + 1, step), star and step == 1


def _number(spec: str, text: str, field: _Field) -> int:
    named = field.names.get(text.lower())
    if named is not None:
        return named
    digits = text[1:] if text[:1] == "+" else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise _bad(spec, f"{field.title} {text[:40]!r} is no number")
    return int(digits)


@dataclasses.dataclass(frozen=True, slots=True)
class _Every:
    """Fires at a fixed distance in whole seconds."""

    seconds: int

    def next(self, after: datetime) -> datetime | None:
        return _instant(_whole_seconds(after) + self.seconds)

    def prev(self, before: datetime) -> datetime | None:
        return _instant(_whole_seconds(before) - self.seconds)


@dataclasses.dataclass(frozen=True, slots=True)
class _Fields:
    """Fires when the local clock shows allowed values in all fields."""

    second: _Values
    minute: _Values
    hour: _Values
    day: _Values
    month: _Values
    weekday: _Values
    timezone: tzinfo

    @property
    def never(self) -> bool:
        """True when a field allows nothing, as `,` does."""
        fields = (self.second, self.minute, self.hour, self.month)
        return not all(field.allowed for field in fields) or not (self.day.allowed or self.weekday.allowed)

    def next(self, after: datetime) -> datetime | None:
        if self.never:
            return None
        try:
            return _instant(_Forward(self, _whole_seconds(after) + 1).run())
        except (OverflowError, ValueError):  # past the year 9999
            return None

    def prev(self, before: datetime) -> datetime | None:
        if self.never:
            return None
        seconds = _whole_seconds(before)
        try:
            return _instant(self._backward(seconds if before.microsecond else seconds - 1))
        except (OverflowError, ValueError):  # before the year 1
            return None

    def day_matches(self, local: datetime) -> bool:
        """Day of month and day of week must both match when one of them is a star, else one of them."""
        by_day, by_weekday = local.day in self.day, local.isoweekday() % 7 in self.weekday
        if self.day.star or self.weekday.star:
            return by_day and by_weekday
        return by_day or by_weekday

    def _backward(self, at: int) -> int | None:
        first_year = _local(at, self.timezone).year - _YEARS
        while True:
            local = _local(at, self.timezone)
            if local.year < first_year:
                return None
            into_minute = local.second
            into_hour = local.minute * _MINUTE + into_minute
            if local.month not in self.month or not self.day_matches(local):
                at = self._before(at, local.hour * _HOUR + into_hour, into_hour)
            elif local.hour not in self.hour:
                at = self._before(at, into_hour, into_minute)
            elif local.minute not in self.minute:
                at -= into_minute + 1
            elif local.second not in self.second:
                at -= 1
            else:
                return at

    def _before(self, at: int, far: int, near: int) -> int:
        """Go back behind the begin of the day or hour, but only one unit less when the clock was changed in it."""
        offset = _offset(at, self.timezone)
        for distance in (far, near):
            if _offset(at - distance - 1, self.timezone) == offset:
                return at - distance - 1
        return at - at % _MINUTE - 1


class _Forward:
    """The search for the next time: fields are raised from the largest to the smallest until all match.

    Where a clock change makes days and hours irregular, the outcome depends on the order of these steps, so they are
    those of robfig/cron. `fresh` says that nothing was raised yet, so that lower fields still hold the start's values.
    """

    def __init__(self, spec: _Fields, at: int) -> None:
        self.spec = spec
        self.zone = spec.timezone
        self.at = at
        self.fresh = True

    @property
    def local(self) -> datetime:
        return _local(self.at, self.zone)

    def run(self) -> int | None:
        last_year = self.local.year + _YEARS
        steps: tuple[Callable[[], bool], ...] = (self._month, self._day, self._hour, self._minute, self._second)
        while self.local.year <= last_year:
            if all(step() for step in steps):
                return self.at
        return None

    def _month(self) -> bool:
        """Raise the month until it matches; False when the year went over, as in the steps below."""
        while (local := self.local).month not in self.spec.month:
            if self.fresh:
                self.fresh = False
                local = local.replace(day=1, hour=0, minute=0, second=0)
            year, month = divmod(local.year * 12 + local.month, 12)
            self.at = _from_local(datetime(year, month + 1, 1, local.hour, local.minute, local.second), self.zone)
            if month == 0:
                return False
        return True

    def _day(self) -> bool:
        while not self.spec.day_matches(local := self.local):
            if self.fresh:
                self.fresh = False
                self.at = _from_local(local.replace(hour=0, minute=0, second=0), self.zone)
                local = self.local
            tomorrow = _from_local(local + timedelta(days=1), self.zone)
            # Where a whole calendar day was left out (Samoa, 2011) there is no tomorrow; robfig/cron never ends there.
            self.at = tomorrow if tomorrow > self.at else self.at + 24 * _HOUR
            hour = self.local.hour
            if hour:  # there is no midnight on that day
                self.at += (24 - hour if hour > 12 else -hour) * _HOUR
            if self.local.day == 1:
                return False
        return True

    def _hour(self) -> bool:
        while (local := self.local).hour not in self.spec.hour:
            if self.fresh:
                self.fresh = False
                self.at = _from_local(local.replace(minute=0, second=0), self.zone)
            self.at += _HOUR
            if self.local.hour == 0:
                return False
        return True

    def _minute(self) -> bool:
        while self.local.minute not in self.spec.minute:
            self.at -= self.at % _MINUTE if self.fresh else 0
            self.fresh = False
            self.at += _MINUTE
            if self.local.minute == 0:
                return False
        return True

    def _second(self) -> bool:
        while self.local.second not in self.spec.second:
            self.fresh = False
            self.at += 1
            if self.local.second == 0:
                return False
        return True


def _whole_seconds(instant: datetime) -> int:
    """Return Unix seconds, the fraction cut off; a datetime without a zone counts as UTC."""
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    elapsed = aware - _EPOCH
    return elapsed.days * 86_400 + elapsed.seconds


def _instant(seconds: int | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _local(seconds: int, zone: tzinfo) -> datetime:
    """Return what the local clock shows at an instant, without the zone."""
    return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None, fold=0)


def _offset(seconds: int, zone: tzinfo) -> int:
    """Return the seconds that local time is ahead of UTC at an instant."""
    ahead = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    return 0 if ahead is None else ahead.days * 86_400 + ahead.seconds


def _from_local(local: datetime, zone: tzinfo) -> int:
    """Return the instant of a local time as Go's time.Date does, also for one that does not exist or comes twice."""
    as_utc = _whole_seconds(local)
    offset = _offset(as_utc, zone)
    if offset:
        other = _offset(as_utc - offset, zone)
        offset = other
    return as_utc - offset


def _bad(spec: str, why: str) -> EvaluationError:
    shown = spec if len(spec) <= 80 else spec[:77] + "..."
    return EvaluationError(f"schedule {shown!r} is wrong: {why}")
