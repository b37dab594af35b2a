"""Phases of metrics and runs: what measurements amount to.

Follows `analysis/analysis.go` (assessMetricStatus, assessMetricFailureInconclusiveOrError, assessRunStatus) and
`utils/analysis/helpers.go` (Worse, IsTerminating) of Argo Rollouts. In: metrics and results as the AnalysisRun has them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from argosy.errors import EvaluationError

__all__ = [
    "COMPLETED",
    "Verdict",
    "effective_count",
    "is_terminating",
    "limit",
    "limits",
    "metric_phase",
    "recorded",
    "run_verdict",
    "worse",
]

type Body = Mapping[str, Any]

SUCCESSFUL: Final = "Successful"
FAILED: Final = "Failed"
ERROR: Final = "Error"
INCONCLUSIVE: Final = "Inconclusive"
RUNNING: Final = "Running"
PENDING: Final = "Pending"
COMPLETED: Final = frozenset({SUCCESSFUL, FAILED, ERROR, INCONCLUSIVE})
_ORDER: Final = (SUCCESSFUL, RUNNING, PENDING, INCONCLUSIVE, ERROR, FAILED)
_ERRORS: Final = 4
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")


class Verdict(NamedTuple):
    """A phase and why; both "" for none."""

    phase: str = ""
    message: str = ""


def worse(left: str, right: str) -> str:
    """The worse of two phases."""
    return max(left, right, key=_rank)


def _rank(phase: str) -> int:
    return _ORDER.index(phase) if phase in _ORDER else -1


def limit(metric: Body, name: str, default: int = 0) -> int:
    """A limit of a metric, which is a number or, as an argument leaves it, its text.

    Raises EvaluationError for a text that is no whole number, where Argo takes 0.
    """
    value = metric.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise EvaluationError(f'{name} of metric "{metric.get("name")}" must be a whole number, not {value!r}')


def effective_count(metric: Body) -> int | None:
    """How many measurements there are to be, None = until something ends them (EffectiveCount)."""
    count = limit(metric, "count")
    if count:
        return count
    return None if metric.get("interval") else 1


def limits(metric: Body, result: Body) -> Verdict:
    """Which limit was passed; of several the gravest."""
    found = Verdict()
    failed, bound = result.get("failed") or 0, limit(metric, "failureLimit")
    if bound >= 0 and failed > bound:
        found = Verdict(FAILED, f"failed ({failed}) > failureLimit ({bound})")
    unsure, bound = result.get("inconclusive") or 0, limit(metric, "inconclusiveLimit")
    if unsure > bound:
        found = Verdict(INCONCLUSIVE, f"inconclusive ({unsure}) > inconclusiveLimit ({bound})")
    errors, bound = result.get("consecutiveError") or 0, limit(metric, "consecutiveErrorLimit", _ERRORS)
    if errors > bound:
        found = Verdict(ERROR, f"consecutiveErrors ({errors}) > consecutiveErrorLimit ({bound})")
    return found


def metric_phase(metric: Body, result: Body, *, terminating: bool) -> str:
    """The phase of a metric."""
    if result.get("phase") in COMPLETED:
        return str(result["phase"])
    measurements = result.get("measurements") or ()
    if not measurements:
        return SUCCESSFUL if terminating else PENDING
    if measurements[-1].get("phase") not in COMPLETED:
        return RUNNING
    passed = limits(metric, result).phase
    if passed:
        return passed
    in_a_row = limit(metric, "consecutiveSuccessLimit")
    if in_a_row > 0 and (result.get("consecutiveSuccess") or 0) >= in_a_row:
        return SUCCESSFUL
    count = effective_count(metric)
    if count is not None and (result.get("count") or 0) >= count:
        if in_a_row > 0:
            return INCONCLUSIVE if limit(metric, "failureLimit") >= 0 else FAILED
        return SUCCESSFUL
    return SUCCESSFUL if terminating else RUNNING


def is_terminating(run: Body) -> bool:
    """Whether a run ends: it was told to, or a metric that counts has failed."""
    if (run.get("spec") or {}).get("terminate"):
        return True
    results = (run.get("status") or {}).get("metricResults") or ()
    return any(one.get("phase") in (FAILED, ERROR, INCONCLUSIVE) and not one.get("dryRun") for one in results)


def run_verdict(run: Body, dry_run: Collection[str]) -> Verdict:
    """The phase of a run and its message."""
    spec, status = run.get("spec") or {}, run.get("status") or {}
    results = {one.get("name"): one for one in status.get("metricResults") or ()}
    terminating = is_terminating(run)
    worst, message, every = "", "", True
    for metric in spec.get("metrics") or ():
        result = results.get(metric.get("name"))
        phase = metric_phase(metric, result, terminating=terminating) if result is not None else PENDING
        if result is None or phase not in COMPLETED:
            every = every and terminating and result is None
            continue
        if metric.get("name") in dry_run:
            continue
        if not worst or worse(worst, phase) != worst:
            worst, message = phase, _message(metric, result, phase)
    if not every:
        return Verdict(RUNNING)
    said = message or ("Run Terminated" if spec.get("terminate") else "")
    return Verdict(worst or SUCCESSFUL, said)


def _message(metric: Body, result: Body, phase: str) -> str:
    why = limits(metric, result).message
    if phase == SUCCESSFUL or not why:
        return ""
    text = f'Metric "{metric.get("name")}" assessed {phase} due to {why}'
    return f'{text}: "Error Message: {result["message"]}"' if result.get("message") else text


def recorded(before: Body, phase: str) -> dict[str, int]:
    """The counters of a result after one more measurement."""
    counters = {
        name: before.get(name) or 0
        for name in (
            "count",
            "successful",
            "failed",
            "inconclusive",
            "error",
            "consecutiveError",
            "consecutiveSuccess",
        )
    }
    if phase == ERROR:
        counters["error"] += 1
        counters["consecutiveError"] += 1
        counters["consecutiveSuccess"] = 0
        return counters
    name = {SUCCESSFUL: "successful", FAILED: "failed", INCONCLUSIVE: "inconclusive"}[phase]
    counters["count"] += 1
    counters[name] += 1
    counters["consecutiveError"] = 0
    counters["consecutiveSuccess"] = counters["consecutiveSuccess"] + 1 if phase == SUCCESSFUL else 0
    return counters
