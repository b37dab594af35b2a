"""Go's time.Time and time.Duration as values.

In: layouts, texts, Unix seconds; out: values that print as Go prints them and have Go's methods under Go's names
(`.Year`, `.Format "2006-01-02"`, `.Add`). Templates, expressions and notifications hand them to user code. Mirrors Go
1.26 `time`, through the library gotime that gotpl is built on.

On purpose different: the local zone is UTC whatever the machine says, and `fixed` can set what `now` gives, so that a
decision can be repeated.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Self

from gotime.go import Location
from gotime.go import ParseError as LayoutError
from gotime.go import Time as GoTime

from argosy.errors import EvaluationError
from argosy.lang import duration

__all__ = ["Duration", "Time", "fixed"]

_clock: ContextVar[datetime.datetime | None] = ContextVar("argosy_clock", default=None)
_LIMIT = 1 << 63


@contextlib.contextmanager
def fixed(now: datetime.datetime | None) -> Iterator[None]:
    """Let `Time.now` give this instant inside the block; None leaves the real clock."""
    token = _clock.set(now)
    try:
        yield
    finally:
        _clock.reset(token)


class _Printable:
    """A value with Go's methods: gotpl looks them up and prints the value through these two hooks."""

    go_type = ""

    def __gotemplate_lookup__(self, name: str) -> object:
        if not name[:1].isupper():
            raise EvaluationError(f"{self.go_type} has no field or method {name!r}")
        try:
            return getattr(self, name)
        except AttributeError:
            raise EvaluationError(f"{self.go_type} has no field or method {name!r}") from None

    def __go_format_value__(self, kind: str, mode: str, *, nested: bool) -> str:
        del mode, nested
        return self.go_type if kind == "type" else str(self)


class Duration(_Printable):
    """A Go Duration: nanoseconds that print as `1h30m0s`."""

    go_type = "time.Duration"
    __slots__ = ("nanoseconds",)

    def __init__(self, nanoseconds: int) -> None:
        self.nanoseconds = max(-_LIMIT, min(_LIMIT - 1, nanoseconds))

    def __str__(self) -> str:
        return duration.format(self.nanoseconds)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and other.nanoseconds == self.nanoseconds

    def __hash__(self) -> int:
        return hash(self.nanoseconds)

    String = __str__

    def Hours(self) -> float:
        """Return the length in hours."""
        return self.nanoseconds / duration.HOUR

    def Minutes(self) -> float:
        """Return the length in minutes."""
        return self.nanoseconds / duration.MINUTE

    def Seconds(self) -> float:
        """Return the length in seconds."""
        return self.nanoseconds / duration.SECOND

    def Milliseconds(self) -> int:
        """Return the whole milliseconds."""
        return int(self.nanoseconds / duration.MILLISECOND)

    def Nanoseconds(self) -> int:
        """Return the nanoseconds."""
        return self.nanoseconds

    def Round(self, unit: Duration) -> Duration:
        """Round half away from zero to a multiple of `unit`."""
        size = _nanoseconds(unit)
        if size <= 0:
            return self
        whole = (abs(self.nanoseconds) + size // 2) // size * size
        return Duration(whole if self.nanoseconds >= 0 else -whole)

    def Truncate(self, unit: Duration) -> Duration:
        """Round towards zero to a multiple of `unit`."""
        size = _nanoseconds(unit)
        if size <= 0:
            return self
        whole = abs(self.nanoseconds) // size * size
        return Duration(whole if self.nanoseconds >= 0 else -whole)


class Time(_Printable):
    """A Go Time: an instant with a zone to show it in."""

    go_type = "time.Time"
    __slots__ = ("_time",)

    def __init__(self, time: GoTime) -> None:
        self._time = time

    @classmethod
    def now(cls) -> Self:
        """Return the instant of this rendering, in UTC."""
        fixed = _clock.get()
        return cls.from_datetime(fixed or datetime.datetime.now(datetime.UTC))

    @classmethod
    def from_datetime(cls, value: datetime.datetime) -> Self:
        """Return the instant of a datetime that has a zone."""
        return cls(GoTime.from_datetime(value))

    @classmethod
    def from_unix(cls, seconds: int) -> Self:
        """Return the instant of Unix seconds, in UTC."""
        return cls(GoTime.from_unix(seconds))

    @classmethod
    def parse(cls, layout: str, text: str, zone: str = "UTC") -> Self:
        """Read a text with a Go layout such as `2006-01-02`, in a zone unless it names one. Raises EvaluationError."""
        try:
            location = Location.load("UTC" if zone in ("", "Local") else zone)
            return cls(GoTime.parse_in_location(layout, text, location))
        except (LayoutError, ValueError, OSError) as error:
            raise EvaluationError(str(error)) from error

    @classmethod
    def zero(cls) -> Self:
        """Return Go's zero time, the first instant of the year 1."""
        return cls(GoTime.zero())

    def __str__(self) -> str:
        return self.Format("2006-01-02 15:04:05.999999999 -0700 MST")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self._time == other._time

    def __hash__(self) -> int:
        return hash(self._time)

    def in_zone(self, name: str) -> Time:
        """Return the same instant shown in a zone; an unknown zone is UTC, `Local` too."""
        zone = "UTC" if name in ("", "Local") else name
        try:
            return Time(self._time.in_location(Location.load(zone)))
        except (ValueError, OSError):
            return Time(self._time.utc())

    String = __str__

    def Format(self, layout: str) -> str:
        """Write the time with a Go layout; a zone that has no name is written as its offset."""
        time = self._time
        name, offset = time.zone()
        if not name and "MST" in layout:
            minutes = abs(offset) // 60
            sign = "-" if offset < 0 else "+"
            name = f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
            time = time.in_location(Location.fixed(name, offset))
        return time.format(layout)

    def Year(self) -> int:
        """Return the year."""
        return self._time.year

    def Month(self) -> object:
        """Return the month; it prints as its English name."""
        return self._time.month

    def Day(self) -> int:
        """Return the day of the month."""
        return self._time.day

    def Hour(self) -> int:
        """Return the hour."""
        return self._time.hour

    def Minute(self) -> int:
        """Return the minute."""
        return self._time.minute

    def Second(self) -> int:
        """Return the second."""
        return self._time.second

    def Nanosecond(self) -> int:
        """Return the nanoseconds within the second."""
        return self._time.nanosecond

    def Weekday(self) -> object:
        """Return the day of the week; it prints as its English name."""
        return self._time.weekday

    def YearDay(self) -> int:
        """Return the day of the year, from 1."""
        return self._time.year_day

    def Unix(self) -> int:
        """Return the Unix seconds."""
        return self._time.unix()

    def UnixMilli(self) -> int:
        """Return the Unix milliseconds."""
        return self._time.unix_milliseconds()

    def UnixNano(self) -> int:
        """Return the Unix nanoseconds."""
        return self._time.unix_nanoseconds()

    def UTC(self) -> Time:
        """Return the same instant shown in UTC."""
        return Time(self._time.utc())

    def Local(self) -> Time:
        """Return the same instant shown in the local zone, which is UTC."""
        return Time(self._time.utc())

    def IsZero(self) -> bool:
        """Tell whether this is the zero time."""
        return self._time.is_zero()

    def Add(self, length: Duration) -> Time:
        """Return the time a duration later."""
        seconds, rest = divmod(self._time.nanosecond + _nanoseconds(length), duration.SECOND)
        return Time(GoTime.from_unix(self._time.unix_seconds + seconds, rest, location=self._time.location))

    def AddDate(self, years: int, months: int, days: int) -> Time:
        """Return the time years, months and days later; 31 + 1 month goes on into the next month."""
        return Time(self._time.add_date(years, months, days))

    def Sub(self, other: Time) -> Duration:
        """Return how much later this is than `other`."""
        seconds = self._time.unix_seconds - other._time.unix_seconds
        return Duration(seconds * duration.SECOND + self._time.nanosecond - other._time.nanosecond)

    def Before(self, other: Time) -> bool:
        """Tell whether this is earlier."""
        return self.Sub(other).nanoseconds < 0

    def After(self, other: Time) -> bool:
        """Tell whether this is later."""
        return self.Sub(other).nanoseconds > 0

    def Equal(self, other: Time) -> bool:
        """Tell whether both are the same instant."""
        return self.Sub(other).nanoseconds == 0


def _nanoseconds(value: object) -> int:
    if isinstance(value, Duration):
        return value.nanoseconds
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise EvaluationError(f"{value!r} is no duration")
