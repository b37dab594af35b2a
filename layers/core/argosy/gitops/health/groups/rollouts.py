"""Health of Rollouts (`resource_customizations/argoproj.io/Rollout`).

What counts is the phase that the controller wrote; controllers before 1.0 wrote none, so for theirs it is the replicas.
"""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said, suspended

__all__ = ["check"]


_FINISH = "Waiting for roll out to finish: "
_GENERATION = "rollout.argoproj.io/workload-generation"


def check(obj: Object) -> Health:
    if not (_sees_spec(obj) and _sees_workload(obj)):
        return progressing("Waiting for rollout spec update to be observed")
    phase = at(obj, "status", "phase")
    if phase is not None:
        return Health("Suspended" if phase == "Paused" else phase, at(obj, "status", "message") or "")
    for one in conditions(obj):
        stopped = one.get("reason") in ("RolloutAborted", "ProgressDeadlineExceeded")
        if one.get("type") == "InvalidSpec" or (one.get("type") == "Progressing" and stopped):
            return degraded(said(one))
    if at(obj, "status", "pauseConditions") or at(obj, "spec", "paused"):
        return suspended("Rollout is paused")
    waiting = _counts(obj)
    if waiting is not None:
        return waiting
    current, strategy = at(obj, "status", "currentPodHash"), at(obj, "spec", "strategy") or {}
    if strategy.get("blueGreen") is not None:
        active = current is not None and current == at(obj, "status", "blueGreen", "activeSelector")
        return healthy() if active else progressing("active service cutover pending")
    if strategy.get("recreate") is not None:
        return healthy()
    stable = at(obj, "status", "stableRS")
    if stable is None:
        stable = at(obj, "status", "canary", "stableRS")
    return healthy() if stable == current else progressing("Waiting for rollout to finish steps")


def _sees_spec(obj: Object) -> bool:
    """A hash in the place of a number is that of a controller before 0.10, which cannot be compared."""
    if at(obj, "status") is None:
        return False
    seen, there = _number(at(obj, "status", "observedGeneration")), at(obj, "metadata", "generation") or 0
    return seen is None or seen > there or seen == there


def _sees_workload(obj: Object) -> bool:
    if at(obj, "spec", "workloadRef") is None:
        return True
    wanted = _number(at(obj, "metadata", "annotations", _GENERATION))
    seen = _number(at(obj, "status", "workloadObservedGeneration"))
    return wanted is None or seen is None or wanted == seen


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _counts(obj: Object) -> Health | None:
    wanted = at(obj, "spec", "replicas")
    wanted = 1 if wanted is None else wanted
    there, updated, available = (
        at(obj, "status", name) or 0 for name in ("replicas", "updatedReplicas", "availableReplicas")
    )
    if updated < wanted:
        return progressing(f"{_FINISH}More replicas need to be updated")
    if available < updated:
        return progressing(f"{_FINISH}updated replicas are still becoming available")
    # Old replicas of a blue-green rollout may be there for long, on purpose.
    if at(obj, "spec", "strategy", "canary") is not None and there > updated:
        return progressing(f"{_FINISH}old replicas are pending termination")
    return None
