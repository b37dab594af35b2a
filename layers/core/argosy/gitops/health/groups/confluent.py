"""Health of Confluent's kinds (`resource_customizations/platform.confluent.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    kind, phase = obj.get("kind"), at(obj, "status", "phase")
    if phase == "RUNNING":
        return healthy(f"{kind} running")
    if phase == "FAILED":
        return degraded(f"{kind} failed")
    return progressing(f"Waiting for {kind}")
