"""Health of Karpenter's kinds (`resource_customizations/karpenter.sh`, `karpenter.k8s.aws`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    degraded,
    find,
    healthy,
    progressing,
    ready,
    said,
    stale,
    suspended,
)

__all__ = ["node_claim", "node_class", "node_pool"]


_LAUNCH = "Waiting for NodeClaim to be launched"
node_class = ready("Waiting for EC2NodeClass status")
node_pool = ready("Waiting for NodePool status")


def node_claim(obj: Object) -> Health:
    """The furthest of its steps: launched, registered, initialised, ready; then on its way out."""
    if stale(obj):
        return progressing("Waiting for NodeClaim spec to be reconciled")
    leaving = find(obj, "Disrupting", "True")
    if leaving is not None:
        return suspended(said(leaving) or "Node is being disrupted")
    whole = find(obj, "Ready")
    if whole is not None and whole.get("status") == "True":
        return healthy(said(whole) or "NodeClaim is ready")
    if whole is not None and whole.get("status") == "False":
        return degraded(said(whole) or "NodeClaim is not ready")
    for step, then in (
        ("Initialized", "Node initialized, waiting for Ready"),
        ("Registered", "Node registered, waiting for initialization"),
        ("Launched", "Node launched, waiting for registration"),
    ):
        if find(obj, step, "True") is not None:
            return progressing(then)
    return progressing(_LAUNCH)
