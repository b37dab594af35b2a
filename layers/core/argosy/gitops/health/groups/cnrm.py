"""Health of Google's Config Connector and all it manages (`resource_customizations/_.cnrm.cloud.google.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    at,
    degraded,
    find,
    healthy,
    progressing,
    said,
    stale,
    suspended,
)

__all__ = ["check", "connector"]


_UPDATING = "Update in progress"


def check(obj: Object) -> Health:
    found = None if stale(obj) else find(obj, "Ready")
    if found is None:
        return progressing(_UPDATING)
    text = said(found)
    match found.get("reason"):
        case "UpToDate" if found.get("status") == "True":
            return healthy(text)
        case "UpdateFailed" | "DependencyNotFound":
            return degraded(text)
        case "DependencyNotReady":
            return suspended(text)
    return progressing(text or _UPDATING)


def connector(obj: Object) -> Health:
    status, kind = at(obj, "status") or {}, obj.get("kind")
    if status.get("observedGeneration") is None or stale(obj):
        return progressing(_UPDATING)
    return healthy(f"{kind} is healthy") if status.get("healthy") is True else degraded(f"{kind} is not healthy")
