"""Services of a Rollout: which version each selects, and the patch that makes it so.

Follows `rollout/service.go` of Argo Rollouts: of a selector only the hash is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.rollouts.replicasets import HASH, ReplicaSet

__all__ = ["MANAGED_BY", "is_managed", "selected_hash", "switch_allowed", "switch_patch"]

MANAGED_BY: Final = "argo-rollouts.argoproj.io/managed-by-rollouts"

type Body = Mapping[str, Any]


def selected_hash(service: Body | None) -> str:
    """The hash that a Service selects, "" for none."""
    return str((((service or {}).get("spec") or {}).get("selector") or {}).get(HASH, ""))


def is_managed(service: Body) -> bool:
    """Whether a rollout has taken it over."""
    return MANAGED_BY in ((service.get("metadata") or {}).get("annotations") or {})


def switch_patch(service: Body, pod_hash: str, rollout: str) -> dict[str, Any] | None:
    """The merge patch that makes a Service select a version, None when it does (switchServiceSelector)."""
    managed = is_managed(service)
    if managed and selected_hash(service) == pod_hash:
        return None
    patch: dict[str, Any] = {} if managed else {"metadata": {"annotations": {MANAGED_BY: rollout}}}
    return patch | {"spec": {"selector": {HASH: pod_hash}}}


def switch_allowed(service: Body, target: ReplicaSet, *, check: bool) -> bool:
    """Whether a canary's Service may select `target` now (ensureSVCTargets).

    With `check` a Service that was never ours needs all of its pods, one of ours at least one, so that no Service is left
    without any.
    """
    if selected_hash(service) == target.hash:
        return False
    if not check:
        return True
    return (
        target.available >= 1 if is_managed(service) else target.available == target.replicas and target.available > 0
    )
