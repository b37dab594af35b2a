"""Health of Atlas' schemas and migrations (`resource_customizations/db.atlasgo.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    found = find(obj, "Ready")
    if found is None:
        return progressing("Waiting for reconciliation" if conditions(obj) else "No status")
    reason = said(found, "reason")
    if found.get("status") == "True":
        return healthy(reason)
    return progressing(reason) if reason == "Reconciling" else degraded(reason)
