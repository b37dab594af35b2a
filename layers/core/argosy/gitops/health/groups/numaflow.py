"""Health of Numaflow's kinds (`resource_customizations/numaflow.numaproj.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Check,
    Health,
    Object,
    at,
    conditions,
    degraded,
    healthy,
    progressing,
    said,
    stale,
    suspended,
)

__all__ = ["buffer", "mono_vertex", "pipeline", "vertex"]


_RESULT = "numaplane.numaproj.io/progressive-result-state"


def _check(kind: str, *, whole: bool = False) -> Check:
    """`whole`: of a part that is unwell the sentence is that of the whole."""

    def check(obj: Object) -> Health:
        if not at(obj, "status") or stale(obj):
            return progressing(f"Waiting for {kind} status")
        if at(obj, "metadata", "labels", _RESULT) == "failed":
            return degraded("Failed progressive upgrade")
        phase, message = at(obj, "status", "phase"), at(obj, "status", "message")
        if phase == "Failed":
            return degraded(message or f"{kind} has failed")
        if phase in ("Paused", "Pausing"):
            return suspended(f"{kind} is {phase.lower()}")
        for one in conditions(obj):
            if one.get("status") == "False":
                return degraded("Subresources are unhealthy" if whole else said(one))
        if phase in (None, "", "Pending", "Unknown"):
            return progressing(f"Waiting for {kind} status")
        return healthy(f"{kind} is healthy")

    return check


buffer = _check("InterStepBufferService")
mono_vertex = _check("MonoVertex", whole=True)
pipeline = _check("Pipeline", whole=True)
vertex = _check("Vertex")
