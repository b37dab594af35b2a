"""Health of Camel K's Integrations (`resource_customizations/camel.apache.org`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    for one in conditions(obj):
        if one.get("type") == "Ready" and one.get("status") == "False" and one.get("reason") == "Error":
            return degraded(said(one))
    phase = at(obj, "status", "phase")
    if phase == "Running":
        return healthy()
    return degraded() if phase == "Error" else progressing("Waiting for Integration")
