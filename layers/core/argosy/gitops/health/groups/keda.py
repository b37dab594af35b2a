"""Health of KEDA's scaled objects and jobs (`resource_customizations/keda.sh`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, degraded, find, healthy, progressing, said, suspended

__all__ = ["scaled_job", "scaled_object"]


def scaled_object(obj: Object) -> Health:
    paused, fallback, ready = find(obj, "Paused", "True"), find(obj, "Fallback", "True"), find(obj, "Ready")
    if paused is not None:
        return suspended(said(paused))
    if fallback is not None:
        return degraded(said(fallback))
    if ready is not None and ready.get("status") == "True":
        return healthy(said(ready))
    return degraded(said(ready)) if ready is not None else progressing("Creating HorizontalPodAutoscaler Object")


def scaled_job(obj: Object) -> Health:
    paused, ready = find(obj, "Paused", "True"), find(obj, "Ready")
    if paused is not None:
        return suspended(said(paused))
    if ready is None:
        return progressing("Waiting for ScaledJob")
    return healthy(said(ready)) if ready.get("status") == "True" else degraded(said(ready))
