"""Go durations such as `1h30m` or `1.5s`.

In: the text a user wrote; out: whole nanoseconds, and back. Called wherever a manifest holds a Go duration (backoff,
calendar interval, timeouts, analysis). Behaves as Go 1.26 `time.ParseDuration` and `Duration.String`, down to the float
arithmetic of fractions: what lies beyond a nanosecond is cut off.
"""

from __future__ import annotations

import re

from argosy.errors import EvaluationError

__all__ = [
    "HOUR",
    "MICROSECOND",
    "MILLISECOND",
    "MINUTE",
    "MOST_INT32",
    "NANOSECOND",
    "SECOND",
    "format",
    "parse",
    "plain_seconds",
]

NANOSECOND = 1
MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

MOST_INT32 = 2**31 - 1
"""What Kubernetes' fields of whole numbers hold at most: 32 bits."""
_MOST_DIGITS = 20
_DIGITS = re.compile(r"[+-]?[0-9]+\Z")

_UNITS = {
    "ns": NANOSECOND,
    "us": MICROSECOND,
    "µs": MICROSECOND,  # U+00B5, micro sign
    "μs": MICROSECOND,  # U+03BC, Greek mu
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")  # matches at any place, at the end with nothing
_LIMIT = 1 << 63
_TOO_LONG = "it is longer than 2562047h47m16.854775807s"


def plain_seconds(value: int | str) -> int | None:
    """Seconds that are written as a number; -1 for more than `MOST_INT32`, None for a text that is no number."""
    if isinstance(value, str) and not _DIGITS.match(value):
        return None
    number = int(value) if len(str(value)) <= _MOST_DIGITS else -1
    return number if number <= MOST_INT32 else -1


def parse(text: str) -> int:
    """Read a Go duration; returns nanoseconds, negative with a leading `-`. Raises EvaluationError on anything else."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return 0
    if not rest:
        raise _bad(text, "it is empty")
    total = 0
    for match in _PART.finditer(rest):
        if match.end() > match.start():
            total += _part(text, match)
        if total > _LIMIT:
            raise _bad(text, _TOO_LONG)
    if text[0] == "-":
        return -total
    if total == _LIMIT:
        raise _bad(text, _TOO_LONG)
    return total


def _part(text: str, match: re.Match[str]) -> int:
    whole, fraction, unit = match.group(1), match.group(2) or "", match.group(3)
    if not whole and not fraction:
        raise _bad(text, "a unit needs a number before it")
    if not unit:
        raise _bad(text, "a number needs a unit behind it")
    size = _UNITS.get(unit)
    if size is None:
        raise _bad(text, f"there is no unit {unit!r}")
    whole = whole.lstrip("0")
    if len(whole) > 19:
        raise _bad(text, _TOO_LONG)
    value = int(whole or "0") * size
    if fraction:
        digits, scale = _fraction(fraction)
        value += int(digits * (size / scale))
    if value > _LIMIT:
        raise _bad(text, _TOO_LONG)
    return value


def _fraction(digits: str) -> tuple[float, float]:
    """Return the fraction's digits that fit 63 bits and the power of ten below them; Go ignores the rest."""
    value, scale = 0, 1.0
    for digit in digits:
        if value > (_LIMIT - 1) // 10 or value * 10 + int(digit) > _LIMIT:
            break
        value = value * 10 + int(digit)
        scale *= 10
    return float(value), scale


def format(nanoseconds: int) -> str:
    """Write nanoseconds as Go prints a Duration: `1h30m0s`, `1.5s`, `500ms`, `100µs`, `0s`."""
    if nanoseconds == 0:
        return "0s"
    sign, rest = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    for unit, size in (("ns", NANOSECOND), ("µs", MICROSECOND), ("ms", MILLISECOND)):
        if rest < size * 1000:
            return f"{sign}{_decimal(rest, size)}{unit}"
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    text = f"{_decimal(rest, SECOND)}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    if hours:
        text = f"{hours}h{text}"
    return sign + text


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).rjust(len(str(size)) - 1, '0').rstrip('0')}"


def _bad(text: str, why: str) -> EvaluationError:
    shown = text if len(text) <= 60 else text[:57] + "..."
    return EvaluationError(
        f"duration {shown!r} is wrong: {why}; write numbers with units, such as 1h30m, 1.5s or 500ms"
    )
