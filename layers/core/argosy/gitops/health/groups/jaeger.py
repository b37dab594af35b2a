"""Health of Jaeger (`resource_customizations/jaegertracing.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    match at(obj, "status", "phase"):
        case "Running":
            return healthy("Jaeger is Running")
        case "Failed":
            return degraded("Jaeger Failed For Some Reason")
    return progressing("Waiting for Jaeger")
