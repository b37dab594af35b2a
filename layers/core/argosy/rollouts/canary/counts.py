"""How many pods the new and the stable ReplicaSet of a canary get in one turn.

Follows `utils/replicaset/canary.go` of Argo Rollouts: with a router a canary has as many pods as its weight asks for beside
a whole stable version; without one the two share the replicas so that their numbers come nearest to the weight, and move
there within maxSurge and maxUnavailable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from argosy.resources.rollout import Rollout, Threshold, Weights
from argosy.rollouts.bounds import max_surge, max_unavailable
from argosy.rollouts.canary.steps import replicas_or_weight
from argosy.rollouts.replicasets import ReplicaSet, available, size

__all__ = ["Counts", "approximate", "at_desired", "for_scale_down", "replica_counts", "threshold_met"]


class Counts(NamedTuple):
    """Replicas of the two ReplicaSets."""

    canary: int
    stable: int


def approximate(replicas: int, weight: int, max_weight: int, surge: int) -> Counts:
    """The split of `replicas`, or of one more where `surge` allows it, that comes nearest to `weight`."""
    if not replicas:
        return Counts(0, 0)
    zero_allowed = weight in (max_weight, 0) or (replicas == 1 and surge == 0)
    best: tuple[int, int, Counts] | None = None
    for canary, total in _candidates(replicas, weight, max_weight, zero_allowed=zero_allowed, surge=surge):
        off = abs(canary * max_weight - weight * total)
        if best is None or off * best[1] < best[0] * total:
            best = off, total, Counts(canary, total - canary)
    return best[2] if best is not None else Counts(0, replicas)


def _candidates(
    replicas: int, weight: int, max_weight: int, *, zero_allowed: bool, surge: int
) -> Iterator[tuple[int, int]]:
    ceil, floor = -(-replicas * weight // max_weight), replicas * weight // max_weight
    for total in (replicas, replicas + 1) if surge > 0 else (replicas,):
        tied = 2 * (total * weight % max_weight) == max_weight
        if total > replicas or ceil < replicas or zero_allowed:
            yield ceil, total
        if not tied and (floor or zero_allowed):
            yield floor, total


def replica_counts(
    rollout: Rollout,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    older: Sequence[ReplicaSet] = (),
    weights: Weights | None = None,
) -> Counts:
    """What the two are scaled to in this turn; `weights`: those that are live (CalculateReplicaCountsFor…Canary)."""
    if rollout.routed:
        return _routed(rollout, new, stable, weights)
    return _basic(rollout, new, stable, older)


def _routed(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, weights: Weights | None) -> Counts:
    canary, replicas = rollout.canary, rollout.spec.desired
    if canary is None:
        return Counts(0, 0)

    def share(weight: int) -> int:
        return -(-weight * replicas // canary.max_weight)

    def at_least(count: int) -> int:
        least = min(canary.min_pods_per_replica_set or 1, replicas)
        return max(count, least) if count else count

    explicit, weight = replicas_or_weight(rollout, new, stable)
    wanted = explicit if explicit is not None else at_least(share(weight))
    if not canary.dynamic_stable_scale:
        return Counts(wanted, replicas)
    kept = share(canary.max_weight - weight)
    if weights is not None:
        kept = max(kept, share(weights.stable.weight))
        if rollout.status.abort:
            wanted = max(at_least(share(weights.canary.weight)), wanted)
    return Counts(wanted, at_least(kept))


def _basic(rollout: Rollout, new: ReplicaSet | None, stable: ReplicaSet | None, older: Sequence[ReplicaSet]) -> Counts:
    replicas = rollout.spec.desired
    ceiling = replicas + max_surge(rollout)
    apart = stable is not None and (new is None or stable.name != new.name)
    target = Counts(replicas, 0)
    if apart:
        weight = replicas_or_weight(rollout, new, stable)[1]
        max_weight = rollout.canary.max_weight if rollout.canary is not None else 100
        target = approximate(replicas, weight, max_weight, ceiling - replicas)
    now = Counts(new.replicas if new is not None else 0, stable.replicas if stable is not None and apart else 0)
    room = max(0, ceiling - size(older) - now.canary - now.stable)
    grown_stable = max(now.stable, min(target.stable, now.stable + room)) if apart else 0
    room -= grown_stable - now.stable
    grown = Counts(max(now.canary, min(target.canary, now.canary + room)) if new is not None else 0, grown_stable)
    if size(older) > 0:
        return grown
    return _drained(rollout, new, stable if apart else None, target, grown, ceiling)


def _drained(
    rollout: Rollout,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    target: Counts,
    grown: Counts,
    ceiling: int,
) -> Counts:
    """Take pods from the side that shrinks, as many as are available beyond the least that must be."""
    least = rollout.spec.desired - max_unavailable(rollout)
    increasing = new is None or target.canary >= new.replicas
    spare = for_scale_down(new, ignore=not increasing) + for_scale_down(stable, ignore=increasing) - least
    if spare <= 0:
        return grown
    if not increasing:
        count = _down(new, target.canary, spare, grown.canary)
        canary, kept = _within(new, stable, Counts(count, grown.stable), ceiling, least)
        return Counts(canary, kept)
    if stable is None:
        return grown
    count = _down(stable, target.stable, spare, grown.stable)
    kept, canary = _within(stable, new, Counts(count, grown.canary), ceiling, least)
    return Counts(canary, kept)


def _down(drained: ReplicaSet | None, target: int, spare: int, now: int) -> int:
    if drained is None or target >= drained.replicas:
        return now
    return max(target, drained.replicas - spare)


def _within(
    drained: ReplicaSet | None, other: ReplicaSet | None, counts: Counts, ceiling: int, least: int
) -> tuple[int, int]:
    """The drained side's and the other's count, kept under the ceiling without losing what must be available."""
    count, kept = counts
    excess = max(0, count + kept - ceiling)
    kept -= excess
    lost = max(0, (other.available if other is not None else 0) - kept)
    short = max(0, least - min(drained.available if drained is not None else 0, count) - kept)
    kept += min(lost, short)
    return count - max(0, count + kept - ceiling), kept


def for_scale_down(one: ReplicaSet | None, *, ignore: bool) -> int:
    """How many of its pods count when others are to go; `ignore`: whether they are available (GetReplicasForScaleDown)."""
    if one is None:
        return 0
    return one.replicas if ignore or one.replicas < one.available else one.available


def threshold_met(threshold: Threshold | None, one: ReplicaSet | None, desired: int) -> bool:
    """Whether enough of `desired` are available to go on (AllReplicaProgressThresholdMet)."""
    if one is None:
        return False
    if threshold is None or threshold.value < 0:
        return desired == one.replicas == one.available
    if threshold.type == "Pods":
        return one.available >= threshold.value
    return one.available * 100 >= threshold.value * desired


def at_desired(
    rollout: Rollout,
    new: ReplicaSet | None,
    stable: ReplicaSet | None,
    older: Iterable[ReplicaSet] = (),
    weights: Weights | None = None,
) -> bool:
    """Whether the pods are as the current step wants them (AtDesiredReplicaCountsForCanary)."""
    older, canary = list(older), rollout.canary
    desired = replica_counts(rollout, new, stable, older, weights)
    if canary is None or not threshold_met(canary.replica_progress_threshold, new, desired.canary):
        return False
    if not (rollout.routed and canary.dynamic_stable_scale) and stable is not None:
        if new is not None and stable.name == new.name:
            return rollout.routed or not available(older)
        if not stable.replicas == stable.current == desired.stable:
            return False
    return rollout.routed or not available(older)
