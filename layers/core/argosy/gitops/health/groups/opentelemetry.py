"""Health of OpenTelemetry's collectors (`resource_customizations/opentelemetry.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, healthy, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    if at(obj, "spec", "mode") == "sidecar":
        return healthy("Collector is running in sidecar mode")
    counted = at(obj, "status", "scale", "statusReplicas")
    if counted is None:
        return progressing("Waiting for OpenTelemetryCollector status")
    up, _, wanted = str(counted).partition("/")
    if up == wanted and up != "0":
        return healthy(f"{counted} replicas are ready")
    return progressing(f"{counted} replicas are ready")
