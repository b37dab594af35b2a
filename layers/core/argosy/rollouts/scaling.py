"""Scaling the ReplicaSets of a Rollout: the stable, the new, and those of older versions.

Follows `rollout/canary.go`, `rollout/bluegreen.go` and `rollout/replicaset.go` of Argo Rollouts. A turn stops at the first
kind of ReplicaSet that it had to scale, so that what follows is decided on what has become of it.
"""

from __future__ import annotations

from datetime import timedelta

from argosy.rollouts.bluegreen import new_replicas
from argosy.rollouts.bounds import max_unavailable
from argosy.rollouts.canary.counts import replica_counts
from argosy.rollouts.history import surplus
from argosy.rollouts.instants import stamp
from argosy.rollouts.replicasets import (
    DEADLINE,
    ReplicaSet,
    available,
    newest_first,
    oldest_first,
    referenced,
)
from argosy.rollouts.scaledown import abort_delay, deadline_step
from argosy.rollouts.services import selected_hash
from argosy.rollouts.turn import REPLICA_SET, Turn

__all__ = ["is_scaling_event", "prune_history", "scale_all"]


def is_scaling_event(turn: Turn) -> bool:
    """Whether the number of replicas was changed by somebody since the ReplicaSets were scaled (isScalingEvent)."""
    active = [one for one in (turn.new, turn.stable) if one is not None and one.replicas > 0]
    return any(one.desired is not None and one.desired != turn.rollout.spec.desired for one in active)


def scale_all(turn: Turn) -> bool:
    """Scale what has to be scaled next; whether anything had to (reconcileCanaryReplicaSets)."""
    if turn.halted:
        return False
    _remove_deadlines(turn)
    return _scale_stable(turn) or _scale_new(turn) or _scale_older(turn)


def _remove_deadlines(turn: Turn) -> None:
    """The two versions that are in use do not go, but a new one that is kept only for a while after an abort."""
    for one in (turn.stable, None if turn.aborted else turn.new):
        if one is not None and DEADLINE in one.annotations:
            turn.annotate(one, {DEADLINE: None})


def _scale_stable(turn: Turn) -> bool:
    new, stable = turn.new, turn.stable
    if stable is None or (new is not None and new.name == stable.name):
        return False
    if turn.rollout.blue_green is not None:
        return turn.scale(stable, turn.rollout.spec.desired)
    weights = turn.rollout.status.canary.weights
    return turn.scale(stable, replica_counts(turn.rollout, new, stable, turn.older, weights).stable)


def _scale_new(turn: Turn) -> bool:
    new = turn.new
    if new is None:
        return False
    kept = _kept_on_abort(turn, new)
    if kept is not None:
        return turn.scale(turn.new or new, kept)
    if turn.rollout.blue_green is not None:
        return turn.scale(new, new_replicas(turn.rollout, new, turn.sets))
    weights = turn.rollout.status.canary.weights
    return turn.scale(new, replica_counts(turn.rollout, new, turn.stable, turn.older, weights).canary)


def _kept_on_abort(turn: Turn, new: ReplicaSet) -> int | None:
    """How many pods of an aborted version stay for now, None where its number is counted as always.

    The delay begins when the stable version is whole again (shouldDelayScaleDownOnAbort).
    """
    stable, rollout = turn.stable, turn.rollout
    if not turn.aborted or stable is None or stable.name == new.name:
        return None
    seconds, explicit = abort_delay(rollout)
    dynamic = rollout.canary is not None and rollout.canary.dynamic_stable_scale
    if seconds == 0 or (dynamic and not explicit):
        return None
    if seconds is None or not new.replicas:
        return new.replicas
    deadline = new.deadline
    if deadline is None:
        if stable.available >= rollout.spec.desired:
            deadline = turn.now + timedelta(seconds=seconds)
            turn.annotate(new, {DEADLINE: stamp(deadline)})
            turn.look_again(deadline)
        return new.replicas
    if deadline > turn.now:
        turn.look_again(deadline)
        return new.replicas
    if rollout.canary is None and not rollout.status.blue_green.active_selector:
        return new.replicas - min(new.replicas, max(0, _spare(turn)))
    return 0


def _scale_older(turn: Turn) -> bool:
    older = [one for one in turn.older if one.replicas > 0]
    if not older:
        return False
    cleaned = [_clean(turn, one) for one in oldest_first(older)]
    older = [one for one in turn.older if one.replicas > 0]
    canary = turn.rollout.canary is not None
    scaled = _drain_canary(turn, older) if canary else _drain_blue_green(turn, older)
    return any(cleaned) or scaled


def _clean(turn: Turn, one: ReplicaSet) -> bool:
    """Pods of an old version that are not available serve nobody (cleanupUnhealthyReplicas)."""
    if one.replicas <= one.available or _in_use(turn, one):
        return False
    return turn.scale(one, one.available)


def _in_use(turn: Turn, one: ReplicaSet) -> bool:
    canary, blue_green = turn.rollout.canary, turn.rollout.blue_green
    names = [canary.canary_service, canary.stable_service] if canary is not None else []
    names += [blue_green.active_service, blue_green.preview_service] if blue_green is not None else []
    selected = {name: selected_hash(turn.service(name)) for name in names if name and turn.service(name) is not None}
    return referenced(turn.rollout, one.hash, selected)


def _drain_canary(turn: Turn, older: list[ReplicaSet]) -> bool:
    """Old versions of a canary go as fast as availability allows; behind a router they may wait for their deadline."""
    rollout = turn.rollout
    spare = available(turn.sets) - (rollout.spec.desired - max_unavailable(rollout))
    annotated, scaled = 0, False
    for one in newest_first(older):
        if spare <= 0:
            break
        if _in_use(turn, one):
            continue
        if not rollout.routed:
            wanted = max(0, one.replicas - spare)
        elif rollout.fully_promoted or one.deadline is not None:
            annotated, wanted = _delayed(turn, one, annotated)
        else:
            wanted = 0  # an update was replaced by another before it was done: no traffic goes there
        current = next(other for other in turn.sets if other.name == one.name)
        if turn.scale(current, min(wanted, one.replicas) if not rollout.routed else wanted):
            scaled = True
            spare -= one.replicas - wanted
    return scaled


def _drain_blue_green(turn: Turn, older: list[ReplicaSet]) -> bool:
    """Old versions go when their deadlines are over; while the active Service selects all of them, only as others come."""
    rollout = turn.rollout
    spare = _spare(turn)
    bounded = not rollout.status.blue_green.active_selector
    annotated, scaled = 0, False
    for one in newest_first(older):
        if _in_use(turn, one):
            continue
        annotated, wanted = _delayed(turn, one, annotated)
        if bounded:
            wanted = max(wanted, one.replicas - max(0, spare))
            spare -= max(0, one.replicas - wanted)
        current = next(other for other in turn.sets if other.name == one.name)
        scaled = turn.scale(current, wanted) or scaled
    return scaled


def _spare(turn: Turn) -> int:
    """Available pods beyond what must be; they serve as long as the active Service selects the pods of all versions."""
    return available(turn.sets) - (turn.rollout.spec.desired - max_unavailable(turn.rollout))


def _delayed(turn: Turn, one: ReplicaSet, annotated: int) -> tuple[int, int]:
    """Give an old version its deadline, or act on it (scaleDownDelayHelper)."""
    step = deadline_step(turn.rollout, one.replicas, one.deadline, annotated, turn.now)
    if step.deadline is not None:
        turn.annotate(one, {DEADLINE: stamp(step.deadline)})
        if step.deadline <= turn.now:
            return step.annotated, 0
    if step.replicas:
        turn.look_again(step.deadline or one.deadline)
    return step.annotated, step.replicas


def prune_history(turn: Turn) -> None:
    """Delete old ReplicaSets beyond the limit."""
    for one in surplus([one for one in turn.older if not _in_use(turn, one)], turn.rollout.spec.history_limit):
        turn.erase(REPLICA_SET(one.name))
        turn.adopt_sets(other for other in turn.sets if other.name != one.name)
