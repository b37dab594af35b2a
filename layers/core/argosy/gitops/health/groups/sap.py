"""Health of SAP's service instances and bindings (`resource_customizations/services.cloud.sap.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    if at(obj, "metadata", "deletionTimestamp") is not None:
        return progressing("Resource is being deleted")
    found, there = conditions(obj), at(obj, "metadata", "generation")
    if not found:
        return progressing("Waiting for status")
    if any(one.get("observedGeneration") not in (None, there) for one in found):
        return progressing("Waiting for spec update to be observed")
    bad = find(found, "Failed", "True")
    if bad is not None:
        return degraded(said(bad))
    ready = find(found, "Ready", "True")
    if ready is not None and find(found, "Succeeded", "True") is not None:
        return healthy(said(ready))
    return progressing(said(find(found, "Succeeded") or ready))
