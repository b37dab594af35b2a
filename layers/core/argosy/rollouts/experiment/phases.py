"""Phases of an Experiment and of its templates.

Follows `experiments/experiment.go` and `utils/experiment/experiment.go` of Argo Rollouts. In: the Experiment as it is
stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.instants import parse
from argosy.rollouts.analysis.phases import COMPLETED, worse

__all__ = [
    "TEMPLATE_COMPLETED",
    "ends_at",
    "experiment_phase",
    "has_passed",
    "is_terminating",
    "replicas",
    "template_status",
]

type Body = Mapping[str, Any]

TEMPLATE_COMPLETED: Final = frozenset({"Successful", "Failed", "Error"})
_TEMPLATES: Final = ("Successful", "Running", "Progressing", "Error", "Failed")
_AS_ANALYSIS: Final = {"Progressing": "Pending"}
_DEADLINE: Final = 600


def _spec(experiment: Body) -> Body:
    found: Body = experiment.get("spec") or {}
    return found


def _status(experiment: Body) -> Body:
    found: Body = experiment.get("status") or {}
    return found


def _template_statuses(experiment: Body) -> dict[str, str]:
    statuses = _status(experiment).get("templateStatuses") or ()
    return {str(one.get("name")): str(one.get("status") or "") for one in statuses}


def _run_phases(experiment: Body) -> dict[str, str]:
    runs = _status(experiment).get("analysisRuns") or ()
    return {str(one.get("name")): str(one.get("phase") or "") for one in runs}


def _required(experiment: Body) -> Iterator[str]:
    for one in _spec(experiment).get("analyses") or ():
        if one.get("requiredForCompletion"):
            yield str(one.get("name"))


def _all_required(experiment: Body) -> bool:
    """Whether there are analyses that end it, and all of them were successful."""
    names, phases = list(_required(experiment)), _run_phases(experiment)
    return bool(names) and all(phases.get(name) == "Successful" for name in names)


def is_terminating(experiment: Body) -> bool:
    """Whether it ends (IsTerminating)."""
    if _spec(experiment).get("terminate") or _status(experiment).get("phase") in COMPLETED:
        return True
    if any(status in ("Failed", "Error") for status in _template_statuses(experiment).values()):
        return True
    if any(phase in ("Failed", "Error", "Inconclusive") for phase in _run_phases(experiment).values()):
        return True
    return _all_required(experiment)


def replicas(experiment: Body, template: str) -> int:
    """How many replicas a template's ReplicaSet is to have now (CalculateTemplateReplicasCount)."""
    ended = _status(experiment).get("phase") in COMPLETED or is_terminating(experiment)
    if ended or _template_statuses(experiment).get(template) in TEMPLATE_COMPLETED:
        return 0
    for one in _spec(experiment).get("templates") or ():
        if one.get("name") == template:
            return 1 if one.get("replicas") is None else int(one["replicas"])
    return 0


def ends_at(experiment: Body) -> datetime | None:
    """When its duration is over; None while it has not begun, and where it has none."""
    text, available = _spec(experiment).get("duration"), parse(_status(experiment).get("availableAt"))
    if not text or available is None:
        return None
    try:
        return available + timedelta(microseconds=duration.parse(str(text)) / duration.MICROSECOND)
    except EvaluationError:
        return None


def has_passed(experiment: Body, now: datetime) -> bool:
    """Whether its duration is over (PassedDurations)."""
    end = ends_at(experiment)
    return end is not None and now > end


def template_status(experiment: Body, template: str, available: int, now: datetime, since: datetime | None) -> str:
    """The status of a template with `available` pods; `since`: its last transition."""
    known = _template_statuses(experiment).get(template, "")
    if known in TEMPLATE_COMPLETED:
        return known
    over = has_passed(experiment, now) or is_terminating(experiment)
    if replicas(experiment, template) == available:
        return "Successful" if over else "Running"
    deadline = _spec(experiment).get("progressDeadlineSeconds")
    limit = timedelta(seconds=_DEADLINE if deadline is None else deadline)
    if since is not None and now > since + limit:
        return "Failed"
    return "Successful" if is_terminating(experiment) else "Progressing"


def experiment_phase(experiment: Body) -> str:
    """The phase after templates and analyses were looked at (assessExperiment)."""
    phase = str(_status(experiment).get("phase") or "")
    if not phase:
        return "Pending"
    if phase in COMPLETED:
        return phase
    templates, analyses = _templates_phase(experiment), _analyses_phase(experiment)
    required = any(True for _ in _required(experiment))
    if templates in COMPLETED:
        judged = analyses in COMPLETED or required
        return analyses if templates == "Successful" and judged else templates
    if analyses in COMPLETED and analyses != "Successful":
        return analyses
    return analyses if _all_required(experiment) else templates


def _templates_phase(experiment: Body) -> str:
    statuses, worst = _template_statuses(experiment), "Successful"
    for one in _spec(experiment).get("templates") or ():
        status = statuses.get(str(one.get("name"))) or "Progressing"
        worst = max(worst, status, key=lambda name: _TEMPLATES.index(name) if name in _TEMPLATES else 0)
    return _AS_ANALYSIS.get(worst, worst)


def _analyses_phase(experiment: Body) -> str:
    phases, worst = _run_phases(experiment), "Successful"
    for one in _spec(experiment).get("analyses") or ():
        worst = worse(worst, phases.get(str(one.get("name"))) or "Pending")
    worst = "Running" if worst == "Pending" else worst
    return "Successful" if worst == "Running" and _all_required(experiment) else worst
