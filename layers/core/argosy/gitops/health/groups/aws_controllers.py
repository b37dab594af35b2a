"""Health of all that AWS Controllers for Kubernetes manage (`resource_customizations/_.services.k8s.aws`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    for kind in ("ACK.Terminal", "ACK.Recoverable"):
        bad = find(obj, kind, "True")
        if bad is not None:
            return degraded(said(bad))
    for kind in ("Ready", "ACK.ResourceSynced"):
        found = find(obj, kind)
        if found is None:
            continue
        if found.get("status") == "True":
            return healthy(said(found))
        return progressing(said(found))
    return progressing("Waiting for resource to be ready")
