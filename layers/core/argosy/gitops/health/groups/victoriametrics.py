"""Health of VictoriaMetrics operator's kinds (`resource_customizations/operator.victoriametrics.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing, stale, suspended

__all__ = ["check"]


def check(obj: Object) -> Health:
    status = at(obj, "status") or {}
    if not status.get("updateStatus") or stale(obj):
        return progressing("Waiting for the operator to reconcile")
    match status["updateStatus"]:
        case "operational":
            return healthy("All components are operational")
        case "expanding":
            return progressing("Reconciliation in progress")
        case "paused":
            return suspended("Reconciliation is paused")
        case "failed":
            return degraded(status.get("reason") or "Reconciliation failed")
    return progressing("Waiting for the operator to reconcile")
