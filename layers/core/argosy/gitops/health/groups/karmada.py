"""Health of Karmada's bindings (`resource_customizations/work.karmada.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, items, progressing

__all__ = ["binding", "cluster_binding"]


_FEW = progressing("Current resource status is insufficient")
_BAD = degraded("Current resource status is unhealthy")


def binding(obj: Object) -> Health:
    """It is fine when all clusters it goes to have applied it; a cluster that cannot tell does not count against it."""
    return _judged(obj, unknown=False)


def cluster_binding(obj: Object) -> Health:
    return _judged(obj, unknown=True)


def _judged(obj: Object, *, unknown: bool) -> Health:
    found = items(obj, "status", "aggregatedStatus")
    wanted = at(obj, "spec", "clusters")
    if not found or find(obj, "FullyApplied", "True") is None or (wanted and len(found) < len(wanted)):
        return _FEW
    for one in found:
        bad = ("Unhealthy", "Unknown") if unknown else ("Unhealthy",)
        if one.get("applied") is not True or one.get("health") in bad:
            return _BAD
    return healthy()
