"""Health of Spark applications (`resource_customizations/sparkoperator.k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import DEGRADED, HEALTHY, PROGRESSING, Health, Object, at, healthy, progressing

__all__ = ["check"]


_STATES = {
    "SUBMITTED": (PROGRESSING, "SparkApplication was submitted successfully"),
    "COMPLETED": (HEALTHY, "SparkApplication was Completed"),
    "PENDING_RERUN": (PROGRESSING, "SparkApplication is Pending Rerun"),
    "INVALIDATING": (PROGRESSING, "SparkApplication is Invalidating"),
    "SUCCEEDING": (PROGRESSING, "SparkApplication is Succeeding"),
    "FAILING": (PROGRESSING, "SparkApplication is Failing"),
}
_BAD = ("FAILED", "SUBMISSION_FAILED", "FAILING", "UNKNOWN")


def check(obj: Object) -> Health:
    """It runs when its executors do: as many as asked for, or as many as dynamic allocation may have."""
    state = at(obj, "status", "applicationState", "state")
    if state is None:
        return progressing("Waiting for Executor pods")
    if state == "RUNNING":
        return healthy("SparkApplication is Running") if _enough(obj) else progressing("Waiting for Executor pods")
    if state in _BAD:
        return Health(DEGRADED, at(obj, "status", "applicationState", "errorMessage") or "")
    return Health(*_STATES.get(state, (PROGRESSING, "Waiting for Executor pods")))


def _enough(obj: Object) -> bool:
    states = at(obj, "status", "executorState")
    running = [one for one in states.values() if one == "RUNNING"] if isinstance(states, dict) else []
    asked = at(obj, "spec", "executor", "instances")
    least, most = _bounds(obj)
    if asked is None and most is None:
        return bool(running)
    if most is not None:
        return bool((least or 0) <= len(running) <= most)
    return bool(len(running) == asked)


def _bounds(obj: Object) -> tuple[int | None, int | None]:
    dynamic, config = at(obj, "spec", "dynamicAllocation"), at(obj, "spec", "sparkConf") or {}
    if at(dynamic, "enabled") is True:
        return at(dynamic, "minExecutors"), at(dynamic, "maxExecutors")
    if str(config.get("spark.dynamicAllocation.enabled")).lower() == "true":
        return _number(config, "minExecutors"), _number(config, "maxExecutors")
    return None, None


def _number(config: Object, name: str) -> int | None:
    found = str(config.get(f"spark.dynamicAllocation.{name}", ""))
    return int(found) if found.isascii() and found.isdecimal() else None
