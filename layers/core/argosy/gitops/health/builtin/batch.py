"""Health of Jobs (`gitops-engine/pkg/health/health_job.go`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, conditions, degraded, healthy, progressing, said, suspended

__all__ = ["job"]


def job(obj: Object) -> Health:
    """Conditions are read without their status: a Job that was ever suspended counts as over until it says more."""
    failure: str | None = None
    message, paused, over = "", False, False
    for one in conditions(obj):
        match one.get("type"):
            case "Failed":
                failure, over = said(one), True
            case "Complete":
                message, over = said(one), True
            case "Suspended":
                message, over = said(one), True
                paused = paused or one.get("status") == "True"
    if not over:
        return progressing(message)
    if failure is not None:
        return degraded(failure)
    return suspended() if paused else healthy(message)
