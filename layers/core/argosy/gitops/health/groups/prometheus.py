"""Health of Prometheus (`resource_customizations/monitoring.coreos.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, progressing, said, suspended

__all__ = ["check"]


def check(obj: Object) -> Health:
    if at(obj, "spec", "paused") is True:
        return suspended("Prometheus is paused")
    found = find(obj, "Available")
    if found is None:
        return progressing("Waiting for Prometheus status info")
    if found.get("status") == "True":
        return healthy("All instances are available")
    if found.get("reason") in ("SomePodsNotReady", "StatefulSetNotFound"):
        return progressing(said(found) or said(found, "reason"))
    return degraded(said(found) or said(found, "reason"))
