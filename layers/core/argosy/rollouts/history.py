"""Old ReplicaSets: which are deleted, and the numbers of revisions.

Follows `rollout/sync.go` (reconcileRevisionHistoryLimit, setNewReplicaSetAnnotations) of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Sequence

from argosy.rollouts.replicasets import ReplicaSet, oldest_first

__all__ = ["surplus"]


def surplus(old: Sequence[ReplicaSet], limit: int) -> Sequence[ReplicaSet]:
    """Those that are to be deleted; one that has pods still, or was changed just now, is left and not replaced."""
    alive = oldest_first(one for one in old if not one.deleting)
    over = alive[: max(0, len(alive) - limit)]
    return [one for one in over if not one.replicas and not one.current and one.generation <= one.observed]
