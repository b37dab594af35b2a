"""Health of MinIO's tenants (`resource_customizations/minio.min.io`): sentences of the operator, by how it words them."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


_BAD = {
    "Tenant credentials are not set properly",
    "Different versions across MinIO Pools",
    "Pool Decommissioning Not Allowed",
    "Another MinIO Tenant already exists in the namespace",
    "Not all pools have the same volume size",
    "Statefulset not controlled by operator",
}


def check(obj: Object) -> Health:
    state = at(obj, "status", "currentState")
    if state is None:
        return progressing("No status info available")
    if state == "Initialized":
        return healthy(state)
    return degraded(state) if state in _BAD else progressing(state)
