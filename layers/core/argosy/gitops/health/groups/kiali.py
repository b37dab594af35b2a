"""Health of Kiali (`resource_customizations/kiali.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    bad = find(obj, "Failure", "True")
    if bad is not None:
        return degraded(said(bad))
    running = find(obj, "Running", "True")
    if running is None:
        return progressing("Waiting for Kiali")
    return healthy(said(running)) if running.get("reason") == "Successful" else progressing(said(running))
