"""Health of MariaDB (`resource_customizations/k8s.mariadb.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


_WAITS = {
    "StatefulSetNotReady",
    "RestoreNotComplete",
    "RestoreBackup",
    "SwitchPrimary",
    "PrimarySwitching",
    "Updating",
    "PendingUpdate",
    "ResizingStorage",
    "Initializing",
    "Initialized",
}


def check(obj: Object) -> Health:
    if not conditions(obj):
        return progressing("No status info available")
    found = find(obj, "Ready")
    if found is None:
        return progressing("No status info available")
    if found.get("status") == "True":
        return healthy(said(found))
    return progressing(said(found)) if found.get("reason") in _WAITS else degraded(said(found))
