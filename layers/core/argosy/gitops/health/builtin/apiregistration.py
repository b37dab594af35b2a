"""Health of APIServices (`gitops-engine/pkg/health/health_apiservice.go`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, find, healthy, progressing, said

__all__ = ["service"]


def service(obj: Object) -> Health:
    available = find(obj, "Available")
    if available is None:
        return progressing("Waiting to be processed")
    text = f"{said(available, 'reason')}: {said(available)}"
    return healthy(text) if available.get("status") == "True" else progressing(text)
