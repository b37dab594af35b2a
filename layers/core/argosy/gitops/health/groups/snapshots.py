"""Health of volume snapshots and their contents (`resource_customizations/snapshot.storage.k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["snapshot"]


def snapshot(obj: Object) -> Health:
    status = at(obj, "status")
    error = at(status, "error", "message")
    if error:
        return degraded(error)
    if not status or status.get("readyToUse") is None:
        return progressing("Waiting for status")
    return (
        healthy("Ready to use")
        if status["readyToUse"] is True
        else progressing(f"Waiting for {obj.get('kind')} to be ready to use")
    )
