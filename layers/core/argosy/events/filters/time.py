"""Filter `time`: the time of day at which the event occurred.

Follows `filterTime` in `pkg/sensors/dependencies/filter.go` of Argo Events 1.9: start and stop stand on the day that the
event has in the time zone; when start is not before stop, what lies outside of stop to start passes, so equal bounds
always do.
"""

from __future__ import annotations

from datetime import datetime

from argosy.errors import EvaluationError
from argosy.events.envelope import Event
from argosy.lang import clock, cron
from argosy.resources.sensor import Filters

__all__ = ["passes"]


def passes(filters: Filters, event: Event) -> bool:
    """Whether the event's time passes `filters.time`. Raises EvaluationError for a time or a zone that is none."""
    wanted = filters.time
    if wanted is None:
        return True
    try:
        zone = cron.load_zone(wanted.timezone)
        at = datetime.fromisoformat(event.time).astimezone(zone)
        start, stop = (clock.on_day(clock.parse(text), at.date(), zone) for text in (wanted.start, wanted.stop))
    except EvaluationError as x:
        raise EvaluationError(f"time filter: {x}") from x
    except (ValueError, OverflowError) as x:
        raise EvaluationError(f"time filter: the event's time {event.time!r} is none: {x}") from x
    if start < stop:
        return start <= at < stop
    return at >= start or at < stop
