"""Health of Kyverno's policies (`resource_customizations/kyverno.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Check, Health, Object, degraded, find, healthy, progressing

__all__ = ["cluster_policy", "policy"]


def _check(kind: str) -> Check:
    def check(obj: Object) -> Health:
        if find(obj, "Ready", "True") is not None:
            return healthy(f"{kind} is ready")
        if find(obj, "Ready", "False") is not None:
            return degraded(f"{kind} is not ready")
        return progressing(f"Waiting for {kind} to be ready")

    return check


policy = _check("Policy")
cluster_policy = _check("ClusterPolicy")
