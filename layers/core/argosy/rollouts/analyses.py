"""The AnalysisRuns of a Rollout: which there have to be, what they say, and which go.

Follows `rollout/analysis.go` and `utils/analysis/helpers.go` of Argo Rollouts. A run that fails aborts the update, one that
is inconclusive pauses it; after somebody has resumed it, or retried, there is a new run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.resources.rollout import AnalysisRunStatus, RolloutAnalysis
from argosy.rollouts.analysis.building import run_spec
from argosy.rollouts.canary.steps import before_starting_step, current_step
from argosy.rollouts.pauses import INCONCLUSIVE_ANALYSIS
from argosy.rollouts.phase import COMPLETED_PHASES
from argosy.rollouts.replicasets import HASH, REVISION
from argosy.rollouts.turn import API_VERSION, GROUP, Turn
from argosy.rollouts.writes import Ref, owned_by

__all__ = ["post_promotion_phase", "pre_promotion_done", "step_phase", "sync"]

_TYPE: Final = "rollout-type"
_STEP_INDEX: Final = "step-index"
_BAD: Final = ("Failed", "Error")
_LIMIT: Final = 5
_MOST_NAMES: Final = 100

type Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Role:
    """One of the four places that runs have: its field in the status, its words."""

    field: str
    type: str
    infix: str
    said: str


_STEP: Final = _Role("current_step_analysis_run_status", "Step", "", "Step-based")
_BACKGROUND: Final = _Role("current_background_analysis_run_status", "Background", "", "Background")
_PRE: Final = _Role("pre_promotion_analysis_run_status", "PrePromotion", "pre", "Pre-promotion")
_POST: Final = _Role("post_promotion_analysis_run_status", "PostPromotion", "post", "Post-promotion")


def sync(turn: Turn) -> None:
    """Make, end and delete runs (reconcileAnalysisRuns)."""
    roles = (_STEP, _BACKGROUND) if turn.rollout.canary is not None else (_PRE, _POST)
    current = {role: _find(turn, _status(turn, role)) for role in roles}
    if _needs_none(turn):
        for run in turn.seen.runs:
            _end(turn, run)
        for role, known in current.items():
            _show(turn, role, known, judge=False)
    else:
        kept = {role: _wanted(turn, role, current[role]) for role in roles}
        names = {_name(run) for run in kept.values() if run is not None}
        for run in turn.seen.runs:
            if _name(run) not in names:
                _end(turn, run)
        for role, wanted in kept.items():
            _show(turn, role, wanted)
        current = kept
    _forget(turn, {_name(run) for run in current.values() if run is not None})


def _needs_none(turn: Turn) -> bool:
    rollout, stable = turn.rollout, turn.stable
    goes_back = turn.within_window or turn.goes_back_fast or (stable is not None and stable.hash == turn.new_hash)
    return rollout.fully_promoted or turn.aborted or rollout.status.promote_full or stable is None or goes_back


def _wanted(turn: Turn, role: _Role, run: Body | None) -> Body | None:
    """The run of a place as it is to be: the one that is there, a new one, or none."""
    analysis = _analysis(turn, role)
    if analysis is None:
        return None
    if not _begins(turn, role):
        return run
    status = turn.rollout.status
    if status.paused_for(INCONCLUSIVE_ANALYSIS) is not None or (role is _STEP and status.pause_conditions):
        return run
    return _create(turn, role, analysis) if _needs_new(turn, run) else run


def _analysis(turn: Turn, role: _Role) -> RolloutAnalysis | None:
    canary, blue_green = turn.rollout.canary, turn.rollout.blue_green
    if role is _STEP:
        step = current_step(turn.rollout)[1]
        return step.analysis if step is not None else None
    if role is _BACKGROUND:
        return canary.analysis if canary is not None and canary.analysis and canary.analysis.templates else None
    if blue_green is None:
        return None
    return blue_green.pre_promotion_analysis if role is _PRE else blue_green.post_promotion_analysis


def _begins(turn: Turn, role: _Role) -> bool:
    """Whether the time of a place has come."""
    new, status = turn.new, turn.rollout.status
    if role is _STEP or new is None:
        return new is not None
    if role is _BACKGROUND:
        return not before_starting_step(turn.rollout)
    active = status.blue_green.active_selector
    if role is _POST:
        return active == new.hash and turn.seen.facts.get("targetsVerified") is not False
    blue_green = turn.rollout.blue_green
    preview = blue_green.preview_replica_count if blue_green is not None else None
    least = turn.rollout.spec.desired if preview is None else min(preview, turn.rollout.spec.desired)
    there = new.available >= max(least, 1) and new.replicas <= new.available
    return bool(active) and active != new.hash and status.current_pod_hash == new.hash and there


def _needs_new(turn: Turn, run: Body | None) -> bool:
    return run is None or (_phase(run) == "Inconclusive" and _was_resumed(turn))


def _create(turn: Turn, role: _Role, analysis: RolloutAnalysis) -> Body | None:
    rollout, new = turn.rollout, turn.new
    if new is None:
        return None
    index = current_step(rollout)[0]
    infix = str(index) if role is _STEP else role.infix
    try:
        spec = run_spec(analysis, turn.seen.others, turn.seen.body, new, turn.stable)
    except EvaluationError as x:
        turn.abort_message = f"{role.said} analysis cannot begin: {x}"
        return None
    labels = {HASH: new.hash, _TYPE: role.type} | ({_STEP_INDEX: infix} if role is _STEP else {})
    labels |= dict((rollout.spec.selector or {}).get("matchLabels") or {}) | dict(analysis.analysis_run_metadata.labels)
    if instance := rollout.metadata.labels.get("argo-rollouts.argoproj.io/controller-instance-id"):
        labels["argo-rollouts.argoproj.io/controller-instance-id"] = instance
    base = "-".join(part for part in (rollout.metadata.name, new.hash, str(turn.revision), infix) if part)
    owner = owned_by("Rollout", rollout.metadata.name, rollout.metadata.uid)
    name = _free_name(turn, base, spec)
    known = next((run for run in turn.seen.runs if _name(run) == name), None)
    if known is not None:
        return known
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "AnalysisRun",
        "metadata": {
            "name": name,
            "namespace": rollout.metadata.namespace,
            "labels": labels,
            "annotations": {REVISION: str(turn.revision), **analysis.analysis_run_metadata.annotations},
            "ownerReferences": [owner],
        },
        "spec": spec,
    }
    turn.create(_ref(name), manifest)
    return manifest


def _free_name(turn: Turn, base: str, spec: Body) -> str:
    """The name, unless a run of that name is done or of another spec: then the next (CreateWithCollisionCounter)."""
    runs = {_name(run): run for run in turn.seen.runs}
    for count in range(_MOST_NAMES):
        name = f"{base}.{count}" if count else base
        known = runs.get(name)
        if known is None or (known.get("spec") == spec and _phase(known) not in COMPLETED_PHASES):
            return name
    return f"{base}.{_MOST_NAMES}"


def _show(turn: Turn, role: _Role, run: Body | None, *, judge: bool = True) -> None:
    """Write a run into the status, and act on how it ended (SetCurrentAnalysisRuns)."""
    shown = None
    if run is not None:
        status = run.get("status") or {}
        shown = AnalysisRunStatus(name=_name(run), status=_phase(run), message=status.get("message") or "")
    if role in (_STEP, _BACKGROUND):
        turn.set_canary(**{role.field: shown})
    else:
        turn.set_blue_green(**{role.field: shown})
    if shown is None:
        return
    before = _status(turn, role)
    if shown.status and (before is None or (before.name, before.status) != (shown.name, shown.status)):
        warning = shown.status in (*_BAD, "Inconclusive")
        turn.tell(
            f"AnalysisRun{shown.status}", f"{role.said} analysis run '{shown.name}' {shown.status}", warning=warning
        )
    if judge and shown.status in _BAD:
        turn.abort_message = f"{role.said} analysis phase error/failed: {shown.message}"
    elif judge and shown.status == "Inconclusive" and not _was_resumed(turn):
        turn.pauses.append(INCONCLUSIVE_ANALYSIS)


def _was_resumed(turn: Turn) -> bool:
    status = turn.rollout.status
    return status.controller_pause and status.paused_for(INCONCLUSIVE_ANALYSIS) is None


def _end(turn: Turn, run: Body) -> None:
    """Tell a run to end (cancelAnalysisRuns)."""
    if _phase(run) not in COMPLETED_PHASES and not (run.get("spec") or {}).get("terminate"):
        turn.change(_ref(_name(run)), {"spec": {"terminate": True}})


def _forget(turn: Turn, current: set[str]) -> None:
    """Delete ended runs beyond the limits, and those of versions that are gone (FilterAnalysisRunsToDelete)."""
    limits = turn.rollout.spec.analysis
    good = limits.successful_run_history_limit if limits is not None else None
    bad = limits.unsuccessful_run_history_limit if limits is not None else None
    left = {True: _LIMIT if good is None else good, False: _LIMIT if bad is None else bad}
    hashes = {one.hash for one in turn.sets}
    for run in sorted(turn.seen.runs, key=_created, reverse=True):
        metadata = run.get("metadata") or {}
        if metadata.get("deletionTimestamp") or _name(run) in current:
            continue
        orphan = (metadata.get("labels") or {}).get(HASH) not in hashes
        if _phase(run) in COMPLETED_PHASES:
            successful = _phase(run) == "Successful"
            left[successful] -= 1
            orphan = orphan or left[successful] < 0
        if orphan:
            turn.erase(_ref(_name(run)))


def _created(run: Body) -> str:
    return str((run.get("metadata") or {}).get("creationTimestamp", ""))


def _name(run: Body) -> str:
    return str((run.get("metadata") or {}).get("name", ""))


def _phase(run: Body) -> str:
    return str((run.get("status") or {}).get("phase", ""))


def _ref(name: str) -> Ref:
    return Ref(GROUP, "AnalysisRun", name)


def _status(turn: Turn, role: _Role) -> AnalysisRunStatus | None:
    part = turn.rollout.status.canary if role in (_STEP, _BACKGROUND) else turn.rollout.status.blue_green
    found: AnalysisRunStatus | None = getattr(part, role.field)
    return found


def _find(turn: Turn, status: AnalysisRunStatus | None) -> Body | None:
    runs: Iterable[Body] = turn.seen.runs
    return next((run for run in runs if status is not None and _name(run) == status.name), None)


def _phase_of(turn: Turn, role: _Role) -> str | None:
    run = _find(turn, _status(turn, role))
    return _phase(run) if run is not None else None


def step_phase(turn: Turn) -> str | None:
    """The phase of the current step's run."""
    return _phase_of(turn, _STEP)


def pre_promotion_done(turn: Turn) -> bool:
    """Whether nothing is to be analysed before the switch any more (completedPrePromotionAnalysis)."""
    blue_green = turn.rollout.blue_green
    if blue_green is None or blue_green.pre_promotion_analysis is None:
        return True
    return _phase_of(turn, _PRE) == "Successful"


def post_promotion_phase(turn: Turn) -> str | None:
    """The phase of the run after the switch."""
    return _phase_of(turn, _POST)
