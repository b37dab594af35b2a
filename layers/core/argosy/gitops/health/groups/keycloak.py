"""Health of Keycloak (`resource_customizations/k8s.keycloak.org`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    if not conditions(obj):
        return progressing("Waiting for Keycloak")
    bad = find(obj, "HasErrors", "True")
    if bad is not None:
        return degraded(said(bad))
    found = find(obj, "Ready")
    if found is not None and found.get("status") == "True":
        return healthy()
    return progressing(said(found) or said(find(obj, "RollingUpdate", "True")))
