"""What follows an attempt of an operation: the next one, when, and the history of those that went through.

In: the phase that an attempt has ended with, and what the operation says of retrying; out: what the operation state is to
hold. Called by whoever carries out operations. Follows `processRequestedAppOperation` of `controller/appcontroller.go`,
`NextRetryAt` and `RevisionHistories.Trunc` of `pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.lang import duration
from argosy.resources.application_operation import Backoff

__all__ = ["Attempted", "after", "appended", "next_delay", "next_retry", "truncated"]

_FIRST: Final = 5 * duration.SECOND
_LONGEST: Final = 3 * duration.MINUTE
_FACTOR: Final = 2
_BARE: Final = re.compile(r"[+-]?[0-9]{1,10}")
_END: Final = 1e9


@dataclass(frozen=True, slots=True)
class Attempted:
    """How an operation stands after an attempt; `again`: it goes on, and waits until then with `finishedAt` set."""

    phase: str
    retry_count: int
    again: bool = False


def after(phase: str, *, terminating: bool, retry_count: int, limit: int) -> Attempted:
    """What an attempt that has come to `phase` makes of the operation; a negative `limit` is none at all."""
    if phase in ("Failed", "Error") and not terminating and (retry_count < limit or limit < 0):
        return Attempted("Running", retry_count + 1, again=True)
    return Attempted(phase, retry_count)


def next_delay(backoff: Backoff | None, retry_count: int) -> float:
    """Seconds from an attempt to the next one. Raises EvaluationError for a duration that is none."""
    given = backoff or Backoff()
    first = _nanoseconds(given.duration, _FIRST)
    longest = _nanoseconds(given.max_duration, _LONGEST)
    factor = _FACTOR if given.factor is None else given.factor
    delay = float(first) * _power(factor, retry_count) if first else 0.0
    if longest > 0:
        delay = min(delay, float(longest))
    return delay / duration.SECOND


def next_retry(backoff: Backoff | None, retry_count: int, finished: datetime) -> datetime:
    """When the next attempt begins, where `after` has counted it. Raises EvaluationError for a duration that is none."""
    return finished + timedelta(seconds=min(next_delay(backoff, retry_count), _END))


def _power(factor: int, times: int) -> float:
    try:
        return float(factor) ** times
    except OverflowError:
        return float("inf")


def _nanoseconds(text: str, default: int) -> int:
    """A Go duration, or a bare number of seconds (ParseStringToDuration of retries)."""
    if not text:
        return default
    if _BARE.fullmatch(text):
        return int(text) * duration.SECOND
    return duration.parse(text)


def truncated[T](history: Sequence[T], limit: int) -> list[T]:
    """The last entries of a history."""
    return list(history[-limit:]) if limit > 0 else []


def appended(history: Sequence[dict[str, Any]], entry: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """A history with one more sync; its number follows that of the last one. `entry` has all but the number."""
    number = int(history[-1].get("id") or 0) + 1 if history else 0
    return truncated([*history, {"id": number} | entry], limit)
