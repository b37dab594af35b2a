"""Health of Numaplane's rollouts (`resource_customizations/numaplane.numaproj.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    at,
    conditions,
    degraded,
    find,
    healthy,
    progressing,
    said,
    stale,
)

__all__ = ["rollout"]


def rollout(obj: Object) -> Health:
    kind = obj.get("kind")
    if not at(obj, "status") or stale(obj):
        return progressing(f"Waiting for {kind} to be observed")
    if at(obj, "status", "phase") == "Failed":
        return degraded(at(obj, "status", "message"))
    bad = find(obj, "ChildResourcesHealthy", "False")
    if bad is not None:
        return progressing(said(bad)) if bad.get("reason") == "Progressing" else degraded(said(bad))
    if conditions(obj) and at(obj, "status", "phase") == "Deployed":
        return healthy(f"{kind} is healthy")
    return progressing(f"Waiting for {kind} to be deployed")
