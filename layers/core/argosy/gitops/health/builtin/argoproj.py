"""Health of Argo Workflows (`gitops-engine/pkg/health/health_argo.go`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import DEGRADED, HEALTHY, PROGRESSING, UNKNOWN, Health, Object, at

__all__ = ["workflow"]

_PHASES = {
    "": PROGRESSING,
    "Pending": PROGRESSING,
    "Running": PROGRESSING,
    "Succeeded": HEALTHY,
    "Failed": DEGRADED,
    "Error": DEGRADED,
}


def workflow(obj: Object) -> Health:
    return Health(_PHASES.get(at(obj, "status", "phase") or "", UNKNOWN), at(obj, "status", "message") or "")
