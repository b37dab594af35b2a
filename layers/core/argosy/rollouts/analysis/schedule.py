"""When a run measures: what is due now, when to look again, what is kept, and when it is forgotten.

Follows `analysis/analysis.go` (generateMetricTasks, calculateNextReconcileTime, garbageCollectMeasurements) and
`utils/analysis/helpers.go` of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.instants import parse
from argosy.rollouts.analysis.phases import COMPLETED, effective_count, is_terminating

__all__ = ["due", "is_expired", "kept", "next_look"]

type Body = Mapping[str, Any]

_AFTER_ERROR: Final = timedelta(seconds=10)
_KEPT: Final = 10


def _duration(text: object) -> timedelta | None:
    """A Go duration, None for what is none."""
    try:
        return timedelta(microseconds=duration.parse(str(text)) / duration.MICROSECOND)
    except EvaluationError:
        return None


def _results(run: Body) -> dict[str, Body]:
    return {str(one.get("name")): one for one in (run.get("status") or {}).get("metricResults") or ()}


def _metrics(run: Body) -> Iterator[tuple[Body, Body]]:
    """Each metric with its result, {} while there is none."""
    results = _results(run)
    for metric in (run.get("spec") or {}).get("metrics") or ():
        yield metric, results.get(str(metric.get("name")), {})


def due(run: Body, now: datetime) -> Sequence[str]:
    """The names of the metrics that are to be measured, or asked for what they are measuring, now."""
    terminating = is_terminating(run)
    return [
        str(metric.get("name")) for metric, result in _metrics(run) if _is_due(run, metric, result, now, terminating)
    ]


def _is_due(run: Body, metric: Body, result: Body, now: datetime, terminating: bool) -> bool:
    if result.get("phase") in COMPLETED:
        return False
    measurements = result.get("measurements") or ()
    if not measurements:
        return not terminating and _may_begin(run, metric, now)
    last = measurements[-1]
    if last.get("phase") not in COMPLETED:
        resume = parse(last.get("resumeAt"))
        return terminating or resume is None or now >= resume
    if terminating:
        return False
    count = effective_count(metric)
    if count is not None and (result.get("count") or 0) >= count:
        return False
    finished = parse(last.get("finishedAt"))
    pause = _pause(metric, last)
    return finished is None or pause is None or now > finished + pause


def _pause(metric: Body, last: Body) -> timedelta | None:
    """How long after a measurement the next one comes."""
    if last.get("phase") == "Error" or not metric.get("interval"):
        return _AFTER_ERROR
    return _duration(metric["interval"])


def _may_begin(run: Body, metric: Body, now: datetime) -> bool:
    if not metric.get("initialDelay"):
        return True
    delay = _duration(metric["initialDelay"])
    started = parse((run.get("status") or {}).get("startedAt"))
    return delay is not None and started is not None and now >= started + delay


def next_look(run: Body, now: datetime) -> datetime | None:
    """When something will be due, None when only a change can make it so."""
    times = [_next(run, metric, result, now) for metric, result in _metrics(run)]
    return min((at for at in times if at is not None), default=None)


def _next(run: Body, metric: Body, result: Body, now: datetime) -> datetime | None:
    if result.get("phase") in COMPLETED:
        return None
    measurements = result.get("measurements") or ()
    if not measurements:
        delay = _duration(metric["initialDelay"]) if metric.get("initialDelay") else None
        started = parse((run.get("status") or {}).get("startedAt")) or now
        return started + delay if delay is not None else None
    last = measurements[-1]
    if last.get("phase") not in COMPLETED:
        return parse(last.get("resumeAt"))
    count = effective_count(metric)
    if count is not None and (result.get("count") or 0) >= count:
        return None
    finished = parse(last.get("finishedAt"))
    if finished is None:
        return None
    if last.get("phase") == "Error":
        return finished + _AFTER_ERROR
    pause = _duration(metric["interval"]) if metric.get("interval") else None
    return finished + pause if pause is not None else None


def kept(measurements: int, limit: int | None) -> int:
    """How many of the newest measurements are kept."""
    return min(measurements, _KEPT if limit is None else limit)


def is_expired(run: Body, now: datetime) -> bool:
    """Whether an ended run is to be deleted by its `ttlStrategy`."""
    status, ttl = run.get("status") or {}, (run.get("spec") or {}).get("ttlStrategy")
    completed = parse(status.get("completedAt"))
    if not ttl or completed is None or status.get("phase") not in COMPLETED:
        return False
    own = {"Successful": "secondsAfterSuccess", "Failed": "secondsAfterFailure"}.get(status["phase"], "")
    seconds = ttl.get(own) if ttl.get(own) is not None else ttl.get("secondsAfterCompletion")
    return seconds is not None and now - completed > timedelta(seconds=seconds)
