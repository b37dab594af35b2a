"""`restartAt`: which pods are evicted so that all are younger than that.

Follows `rollout/restart.go` of Argo Rollouts: never more at a time than may be unavailable, one at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from argosy.lang.instants import parse
from argosy.resources.rollout import Rollout
from argosy.rollouts.bounds import max_unavailable

__all__ = ["Pod", "Restart", "needs_restart", "restart"]


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod of the rollout."""

    name: str
    created: datetime | None
    available: bool = False
    deleting: bool = False


@dataclass(frozen=True, slots=True)
class Restart:
    """The pods to evict now, and whether all that had to be are."""

    pods: Sequence[str]
    done: bool


def needs_restart(rollout: Rollout, now: datetime) -> bool:
    """Whether a restart was asked for and is not done (NeedsRestart)."""
    wanted = parse(rollout.spec.restart_at)
    return wanted is not None and now >= wanted and parse(rollout.status.restarted_at) != wanted


def restart(rollout: Rollout, pods: Sequence[Pod], total: int) -> Restart:
    """What to evict of the rollout's pods; `total`: how many replicas all of its ReplicaSets ask for."""
    wanted = parse(rollout.spec.restart_at)
    if wanted is None:
        return Restart((), done=True)
    old = [pod for pod in pods if pod.created is not None and pod.created < wanted]
    concurrent = max(max_unavailable(rollout), 1)
    alive = sum(pod.available and not pod.deleting for pod in pods)
    allowed = max(0, alive - (max(rollout.spec.desired, total) - concurrent))
    evicted = [pod.name for pod in old if not pod.deleting][:allowed]
    return Restart(evicted, done=len(evicted) == len(old))
