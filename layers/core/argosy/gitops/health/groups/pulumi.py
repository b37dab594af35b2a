"""Health of Pulumi's stacks (`resource_customizations/pulumi.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, progressing, said, stale

__all__ = ["check"]


def check(obj: Object) -> Health:
    if not at(obj, "status"):
        return progressing("Waiting for the operator to reconcile the stack")
    if stale(obj):
        return progressing("Waiting for the operator to observe the latest spec change")
    stalled = find(obj, "Stalled", "True")
    if stalled is not None:
        return degraded(said(stalled))
    if at(obj, "status", "lastUpdate", "state") == "failed":
        return degraded(at(obj, "status", "lastUpdate", "message") or "The last update failed")
    ready = find(obj, "Ready")
    if ready is not None and ready.get("status") == "True":
        return healthy(said(ready))
    working = find(obj, "Reconciling", "True")
    return progressing(said(working) or said(ready))
