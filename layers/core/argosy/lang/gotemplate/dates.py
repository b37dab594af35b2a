"""sprig's date functions.

In: layouts, texts and times; out: texts and `argosy.lang.times.Time`. Mirrors sprig 3.3.0 `date.go`. gotpl's own date
functions are left aside: they give Python datetimes without Go's methods, and they look at the machine's time zone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.times import Duration, Time

__all__ = ["FUNCTIONS"]

_UNITS = (
    (365 * 24 * duration.HOUR, "y"),
    (30 * 24 * duration.HOUR, "mo"),
    (24 * duration.HOUR, "d"),
    (duration.HOUR, "h"),
    (duration.MINUTE, "m"),
    (duration.SECOND, "s"),
)
_LIMIT = 1 << 63


def _instant(value: object) -> Time:
    """Read what sprig takes for a date: a time, Unix seconds; anything else is now."""
    if isinstance(value, Time):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Time.from_unix(value)
    return Time.now()


def _time(value: object) -> Time:
    if not isinstance(value, Time):
        raise EvaluationError("a time is needed here, as toDate or now gives it")
    return value


def _date_in_zone(layout: str, value: object, zone: str) -> str:
    return _instant(value).in_zone(zone).Format(layout)


def _date(layout: str, value: object) -> str:
    return _date_in_zone(layout, value, "UTC")


def _html_date(value: object) -> str:
    return _date_in_zone("2006-01-02", value, "UTC")


def _html_date_in_zone(value: object, zone: str) -> str:
    return _date_in_zone("2006-01-02", value, zone)


def _must_date_modify(length: str, value: object) -> Time:
    return _time(value).Add(Duration(duration.parse(length)))


def _date_modify(length: str, value: object) -> Time:
    try:
        return _must_date_modify(length, value)
    except EvaluationError:
        return _time(value)


def _to_date(layout: str, text: str) -> Time:
    try:
        return Time.parse(layout, text)
    except EvaluationError:
        return Time.zero()


def _must_to_date(layout: str, text: str) -> Time:
    return Time.parse(layout, text)


def _ago(value: object) -> str:
    return str(Time.now().Sub(_instant(value)).Round(Duration(duration.SECOND)))


def _duration(value: object) -> str:
    seconds = 0
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("+", "-") else value
        if digits.isascii() and digits.isdigit() and len(digits) < 20:
            seconds = int(value)
    elif getattr(value, "go_type", "") == "int64" and isinstance(value, int):
        seconds = value
    wrapped = (seconds * duration.SECOND + _LIMIT) % (2 * _LIMIT) - _LIMIT
    return duration.format(wrapped)


def _duration_round(value: object) -> str:
    length = 0
    if isinstance(value, str):
        try:
            length = duration.parse(value)
        except EvaluationError:
            length = 0
    elif isinstance(value, Time):
        length = Time.now().Sub(value).nanoseconds
    elif getattr(value, "go_type", "") == "int64" and isinstance(value, int):
        length = value
    for size, name in _UNITS:
        if abs(length) > size:
            return f"{abs(length) // size}{name}"
    return "0s"


def _unix_epoch(value: object) -> str:
    return str(_time(value).Unix())


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ago": _ago,
    "date": _date,
    "dateInZone": _date_in_zone,
    "dateModify": _date_modify,
    "date_in_zone": _date_in_zone,
    "date_modify": _date_modify,
    "duration": _duration,
    "durationRound": _duration_round,
    "htmlDate": _html_date,
    "htmlDateInZone": _html_date_in_zone,
    "mustDateModify": _must_date_modify,
    "mustToDate": _must_to_date,
    "must_date_modify": _must_date_modify,
    "now": Time.now,
    "toDate": _to_date,
    "unixEpoch": _unix_epoch,
}
