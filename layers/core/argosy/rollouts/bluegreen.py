"""Blue-green: how big the preview is, when the active service switches, and when the new version is the stable one.

Follows `utils/replicaset/replicaset.go` (NewRSNewReplicas), `rollout/bluegreen.go`, `rollout/service.go` and
`rollout/sync.go` (shouldFullPromote) of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.resources.rollout import Rollout, RolloutStatus
from argosy.rollouts.replicasets import ReplicaSet, by_hash

__all__ = ["Facts", "active_after", "is_fast_tracked", "new_replicas", "promote_reason"]


def new_replicas(rollout: Rollout, new: ReplicaSet | None, sets: Sequence[ReplicaSet]) -> int:
    """How many replicas the new ReplicaSet gets."""
    wanted, blue_green, status = rollout.spec.desired, rollout.blue_green, rollout.status
    if blue_green is None or blue_green.preview_replica_count is None or new is None:
        return wanted
    active = by_hash(sets, status.blue_green.active_selector)
    if active is None or active.name == new.name or status.promote_full:
        return wanted
    if new.hash != status.current_pod_hash:
        return blue_green.preview_replica_count
    paused = rollout.spec.paused or bool(status.pause_conditions)
    return wanted if not paused and status.blue_green.scale_up_preview_check_point else blue_green.preview_replica_count


def is_fast_tracked(rollout: Rollout, active_selector: str | None, new: ReplicaSet, *, fast_rollback: bool) -> bool:
    """Whether the new version goes active without a pause; `active_selector`: what the active service selects now."""
    return fast_rollback or rollout.status.promote_full or not active_selector or active_selector == new.hash


@dataclass(frozen=True, slots=True)
class Facts:
    """What promotion depends on beside the rollout: `post_analysis` is the phase of its post-promotion run."""

    has_stable: bool
    available: int = 0
    fast_rollback: bool = False
    within_window: bool = False
    aborted: bool = False
    targets_verified: bool = True
    post_analysis: str | None = None
    desired: int = 0


def promote_reason(rollout: Rollout, after: RolloutStatus, facts: Facts) -> str:
    """Why the new version becomes the stable one, "" while it does not."""
    active, blue_green = after.blue_green.active_selector, rollout.blue_green
    if not facts.has_stable or not active:
        return "Initial deploy"
    if active != after.current_pod_hash or not facts.targets_verified:
        return ""
    if rollout.status.promote_full:
        return "Full promotion requested"
    if facts.fast_rollback:
        return "Rollback within window" if facts.within_window else "Fast rollback"
    analysed = blue_green is None or blue_green.post_promotion_analysis is None or facts.post_analysis == "Successful"
    return "Completed blue-green update" if analysed and not facts.aborted else ""


def active_after(
    rollout: Rollout,
    selected: str,
    new_hash: str,
    *,
    ready: bool,
    saturated: bool,
    pause_over: bool,
    analysed: bool,
    fast_tracked: bool,
) -> str:
    """What the active service selects after this turn (reconcileActiveService)."""
    chosen = selected
    if ready and saturated and (fast_tracked or (pause_over and analysed)):
        chosen = new_hash
    return rollout.status.stable_rs if rollout.status.abort else chosen
