"""Health of Ingresses of any version (`gitops-engine/pkg/health/health_ingress.go`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, healthy, progressing

__all__ = ["ingress"]


def ingress(obj: Object) -> Health:
    return healthy() if at(obj, "status", "loadBalancer", "ingress") else progressing()
