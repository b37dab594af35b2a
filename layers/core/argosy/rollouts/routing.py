"""The traffic of a canary: which share the new version gets in a turn, and what the router has to be told.

Follows `rollout/trafficrouting.go` (reconcileTrafficRouting) of Argo Rollouts. Traffic moves before pods do, so that none is
taken away while requests go to it, and no request goes where no pod is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from argosy.errors import EvaluationError
from argosy.resources.base import Problem
from argosy.resources.rollout import Rollout, Weights
from argosy.rollouts import experiments
from argosy.rollouts.canary.counts import at_desired
from argosy.rollouts.canary.steps import (
    current_step,
    desired_weight,
    previous_weight,
    set_weight,
    should_verify_weight,
)
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.services import selected_hash, switch_patch
from argosy.rollouts.traffic import Destination, Move, Router, Split, routers
from argosy.rollouts.turn import SERVICE, Seen, Turn
from argosy.rollouts.writes import Change, Create, Outside, Ref, merged

__all__ = ["needs", "problems", "rolls_back_dynamically", "service_names", "sync"]

_VERIFY_AGAIN: Final = timedelta(seconds=10)
_AGAIN: Final = timedelta(seconds=20)


def needs(rollout: Rollout) -> list[Ref]:
    """The objects that its routers read."""
    return [ref for router in routers(rollout) for ref in router.needs(rollout)]


def problems(seen: Seen) -> Iterator[Problem]:
    """What is wrong with them: what a router says, or that nothing can be shared with them."""
    rollout = seen.rollout
    stable, other = service_names(rollout)
    full = rollout.canary.max_weight if rollout.canary is not None else 100
    nothing = Split(0, other, stable, full=full)
    for router in routers(rollout):
        found = list(router.problems(rollout, seen.others))
        yield from found
        if not found:
            try:
                list(router.shares(rollout, {ref: seen.others.get(ref) for ref in router.needs(rollout)}, nothing))
            except EvaluationError as x:
                yield Problem("spec.strategy.canary.trafficRouting", f"Invalid value: {x}")


def service_names(rollout: Rollout) -> tuple[str, str]:
    """The stable and the canary Service; with ping-pong they take turns (trafficrouting.GetStableAndCanaryServices)."""
    canary = rollout.canary
    if canary is None:
        return "", ""
    if canary.ping_pong is None:
        return canary.stable_service, canary.canary_service
    ping, pong = canary.ping_pong.ping_service, canary.ping_pong.pong_service
    return (ping, pong) if rollout.status.canary.stable_ping_pong == "ping" else (pong, ping)


def rolls_back_dynamically(turn: Turn) -> bool:
    """Whether pods of the version before still carry traffic on the way back to stable.

    As isDynamicallyRollingBackToStable has it.
    """
    canary, weights = turn.rollout.canary, turn.rollout.status.canary.weights
    if canary is None or not (turn.rollout.routed and canary.dynamic_stable_scale) or weights is None:
        return False
    before = weights.canary.pod_template_hash
    return turn.rollout.fully_promoted and bool(before) and before != turn.new_hash and weights.canary.weight > 0


def sync(turn: Turn) -> None:
    """Bring the traffic to where it belongs now."""
    found = routers(turn.rollout)
    if not found or turn.rollout.canary is None:
        if turn.status.canary.weights is not None:
            turn.set_canary(weights=None)
        return
    weight = _weight(turn)
    split = _split(turn, weight)
    if not _stable_carries(turn, split):
        return
    try:
        moves = [move for router in found for move in _moves(turn, router, split)]
    except EvaluationError as x:
        turn.tell("TrafficRoutingError", str(x), warning=True)
        turn.look_again(turn.now + _AGAIN)
        turn.unrouted = True
        return
    for move in moves:
        turn.takes_away = True
        _do(turn, move)
    _note(turn, split)
    _verify(turn, found, split)


def _weight(turn: Turn) -> int:
    """The share of the canary (the branches of reconcileTrafficRouting)."""
    rollout, canary, new = turn.rollout, turn.rollout.canary, turn.new
    if canary is None:
        return 0
    if rolls_back_dynamically(turn):
        return _held_back(turn)
    if rollout.fully_promoted:
        return 0
    if turn.aborted:
        return _on_abort(turn)
    if new is None or not new.available:
        return 0
    if rollout.status.promote_full:
        if canary.dynamic_stable_scale:
            return canary.max_weight * new.available // max(rollout.spec.desired, 1)
        weights = rollout.status.canary.weights
        return weights.canary.weight if weights is not None else 0
    index, step = current_step(rollout)
    if index is None:
        return 0
    if not at_desired(rollout, new, turn.stable, turn.older, None):
        return previous_weight(rollout)
    return canary.max_weight if step is None else set_weight(rollout)


def _on_abort(turn: Turn) -> int:
    """Back to stable; with dynamicStableScale as fast as its pods come back."""
    canary = turn.rollout.canary
    weight = 0
    if canary is not None and canary.dynamic_stable_scale:
        aborted = turn.rollout.model_copy(update={"status": turn.rollout.status.model_copy(update={"abort": True})})
        weight = min(desired_weight(aborted, turn.new, turn.stable), _carried(turn))
    if not weight:
        _point_canary_back(turn)
    return weight


def _carried(turn: Turn) -> int:
    weights, canary = turn.rollout.status.canary.weights, turn.rollout.canary
    if weights is not None:
        return weights.canary.weight
    return canary.max_weight if canary is not None else 0


def _held_back(turn: Turn) -> int:
    """What the version before still has to carry, because the stable one is not back yet."""
    canary, stable = turn.rollout.canary, turn.stable
    if canary is None or stable is None:
        return 0
    missing = max(0, turn.rollout.spec.desired - stable.available)
    return min(_carried(turn), canary.max_weight * missing // max(turn.rollout.spec.desired, 1))


def _point_canary_back(turn: Turn) -> None:
    name, stable = service_names(turn.rollout)[1], turn.stable
    service = turn.service(name)
    if service is None or stable is None or selected_hash(service) == stable.hash:
        return
    patch = switch_patch(service, stable.hash, turn.rollout.metadata.name)
    if patch is not None:
        turn.change(SERVICE(name), patch)


def _split(turn: Turn, weight: int) -> Split:
    stable, other = service_names(turn.rollout)
    weights = turn.rollout.status.canary.weights
    canary_hash = turn.new_hash
    if rolls_back_dynamically(turn) and weights is not None:
        canary_hash = weights.canary.pod_template_hash
    steady = turn.rollout.fully_promoted or turn.aborted
    additional: list[Destination] = [] if steady else experiments.destinations(turn)
    full = turn.rollout.canary.max_weight if turn.rollout.canary is not None else 100
    return Split(weight, other, stable, canary_hash, turn.rollout.status.stable_rs, tuple(additional), full)


def _stable_carries(turn: Turn, split: Split) -> bool:
    """Whether the stable version has the pods for its share (checkReplicasAvailable)."""
    stable, canary = turn.stable, turn.rollout.canary
    weights = turn.rollout.status.canary.weights
    if stable is None or canary is None or not canary.dynamic_stable_scale or weights is None:
        return True
    if split.stable <= weights.stable.weight:
        return True
    return stable.available >= -(-split.stable * turn.rollout.spec.desired // split.full)


def _moves(turn: Turn, router: Router, split: Split) -> Iterator[Move]:
    rollout = turn.rollout
    step = current_step(rollout)[1]
    ends = rollout.fully_promoted or turn.aborted or rollout.status.promote_full or not _has_pods(turn.new)
    objects = {ref: turn.find(ref) for ref in router.needs(rollout)}
    routes: Iterator[Move] = iter(())
    if ends:
        routes = router.without_routes(rollout, objects)
    elif step is not None and turn.revision > 1 and step.set_header_route is not None:
        routes = router.header_route(rollout, objects, split, step.set_header_route)
    elif step is not None and turn.revision > 1 and step.set_mirror_route is not None:
        routes = router.mirror_route(rollout, objects, split, step.set_mirror_route)
    for move in list(routes):
        if isinstance(move, Change):
            # The shares go into the object as the route leaves it: of two lists in one patch the second would win.
            objects[move.ref] = merged(objects.get(move.ref) or {}, move.body)
        yield move
    yield from router.shares(rollout, objects, split)


def _has_pods(one: ReplicaSet | None) -> bool:
    return one is not None and one.available > 0


def _do(turn: Turn, move: Move) -> None:
    if isinstance(move, Create):
        turn.create(move.ref, move.manifest)
    elif isinstance(move, Outside):
        turn.outside(move)
    else:
        turn.change(move.ref, move.body)


def _note(turn: Turn, split: Split) -> None:
    """The weights as the router is told, in the status (calculateWeightStatus)."""
    before = turn.rollout.status.canary.weights
    weights = Weights.model_validate(
        {
            "canary": {
                "weight": split.canary,
                "serviceName": split.canary_service,
                "podTemplateHash": split.canary_hash,
            },
            "stable": {
                "weight": split.stable,
                "serviceName": split.stable_service,
                "podTemplateHash": split.stable_hash,
            },
            "additional": [
                {"weight": one.weight, "serviceName": one.service, "podTemplateHash": one.pod_hash}
                for one in split.additional
            ],
            "verified": before.verified if before is not None else None,
        }
    )
    was = before.canary.weight if before is not None else 0
    if was != split.canary:
        turn.tell("TrafficWeightUpdated", f"Traffic weight updated from {was} to {split.canary}")
    turn.set_canary(weights=weights)


def _verify(turn: Turn, found: Sequence[Router], split: Split) -> None:
    if not should_verify_weight(turn.rollout, split.canary):
        return
    answers = [
        router.verified(turn.rollout, {ref: turn.find(ref) for ref in router.needs(turn.rollout)}, split)
        for router in found
    ]
    known = [answer for answer in answers if answer is not None]
    verified = all(known) if known else None
    weights = turn.status.canary.weights
    if weights is not None:
        turn.set_canary(weights=weights.model_copy(update={"verified": verified}))
    if verified is False:
        turn.look_again(turn.now + _VERIFY_AGAIN)
        turn.unverified = split.canary == split.full
