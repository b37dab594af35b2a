"""`conditionsReset`: at the times of a cron line, what a trigger's condition waits with is forgotten.

Argo Events 1.9 clears the state at those times and, when a sensor starts, drops what is older than the last of them
(`pkg/eventbus/jetstream/sensor/trigger_conn.go`). Here only the second is done, whenever an event comes: what was kept
before the last reset is not there any more. The answers are the same, and nothing has to run at those times.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from argosy.errors import EvaluationError
from argosy.lang import cron
from argosy.resources.sensor import ConditionsReset

__all__ = ["compile_resets", "last_reset"]


def compile_resets(resets: Sequence[ConditionsReset]) -> list[cron.Schedule]:
    """The schedules of the entries; one that cannot be read is left out, as in Argo (it is refused when applied)."""
    found = []
    for reset in resets:
        try:
            found.append(schedule(reset))
        except EvaluationError:
            continue
    return found


def schedule(reset: ConditionsReset) -> cron.Schedule:
    """When one entry resets. Raises EvaluationError."""
    if reset.by_time is None:
        raise EvaluationError("byTime is missing")
    return cron.parse(reset.by_time.cron, timezone=cron.load_zone(reset.by_time.timezone), descriptors=False)


def last_reset(schedules: Sequence[cron.Schedule], now: datetime) -> float:
    """The last reset up to and including `now` in epoch seconds, 0 when there was none."""
    # A schedule looks strictly before an instant, and `now` itself counts.
    times = [schedule.prev(now + timedelta(microseconds=1)) for schedule in schedules]
    return max((time.timestamp() for time in times if time is not None), default=0.0)
