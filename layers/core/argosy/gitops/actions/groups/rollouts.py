"""Actions of Rollouts and AnalysisRuns (`resource_customizations/argoproj.io`)."""

from __future__ import annotations

from argosy.gitops.actions.action import Action, Call, Draft, drop, into, put
from argosy.gitops.health.verdict import Object, at, items

__all__ = ["ANALYSIS_RUN", "ROLLOUT"]

_OVER = ("Successful", "Failed", "Error", "Inconclusive")


def _paused(obj: Object) -> bool:
    if at(obj, "status", "pauseConditions") is not None:
        return bool(items(obj, "status", "pauseConditions"))
    return bool(at(obj, "spec", "paused"))


def _promoted(obj: Object) -> bool:
    return bool(at(obj, "status", "currentPodHash") == at(obj, "status", "stableRS"))


def _aborted(obj: Object) -> bool:
    return bool(at(obj, "status", "abort"))


def _before_1_0(obj: Object) -> bool:
    """Whether a controller older than 1.0 wrote the status: its observedGeneration is a hash."""
    observed, generation = str(at(obj, "status", "observedGeneration") or ""), at(obj, "metadata", "generation")
    return not observed.isdigit() or (isinstance(generation, int) and int(observed) > generation)


def _promotion_refused(obj: Object) -> bool:
    if _promoted(obj):
        return True
    if _before_1_0(obj):
        return at(obj, "spec", "strategy", "blueGreen") is not None
    return bool(at(obj, "status", "promoteFull"))


def _steps(obj: Object) -> int:
    return len(items(obj, "spec", "strategy", "canary", "steps"))


def _no_step_left(obj: Object) -> bool:
    return (at(obj, "status", "currentStepIndex") or 0) >= _steps(obj)


def _resume(draft: Draft, _: Call) -> None:
    into(draft, "status").pop("pauseConditions", None)
    if at(draft, "spec", "paused"):
        draft["spec"]["paused"] = False


def _restart(draft: Draft, call: Call) -> None:
    into(draft, "spec")["restartAt"] = call.time


def _promote_full(draft: Draft, _: Call) -> None:
    status = into(draft, "status")
    if not _before_1_0(draft):
        status["promoteFull"] = True
    elif at(draft, "spec", "strategy", "blueGreen") is None:
        status.pop("abort", None)
        status["currentStepIndex"] = _steps(draft)


def _skip_step(draft: Draft, call: Call) -> None:
    _resume(draft, call)
    if not _no_step_left(draft):
        draft["status"]["currentStepIndex"] = (draft["status"].get("currentStepIndex") or 0) + 1


ANALYSIS_RUN = {
    "terminate": Action(
        put("spec", "terminate", value=True),
        lambda obj: bool(at(obj, "spec", "terminate")) or at(obj, "status", "phase") in _OVER,
    )
}
ROLLOUT = {
    "abort": Action(put("status", "abort", value=True), lambda obj: _promoted(obj) or _aborted(obj)),
    "pause": Action(put("spec", "paused", value=True), lambda obj: _promoted(obj) or _aborted(obj) or _paused(obj)),
    "promote-full": Action(_promote_full, _promotion_refused),
    "restart": Action(_restart, display_name="Restart Pods"),
    "resume": Action(_resume, lambda obj: not _paused(obj)),
    "retry": Action(drop("status", "abort"), lambda obj: not _aborted(obj)),
    "skip-current-step": Action(_skip_step, _no_step_left),
}
