"""Where a canary stands: its step, the weight that is in force, and the numbers that steps ask for.

Follows `utils/replicaset/canary.go` and `utils/rollout/rolloututil.go` of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Iterator

from argosy.resources.rollout import Experiment, Rollout, SetCanaryScale, Step
from argosy.rollouts.replicasets import ReplicaSet

__all__ = [
    "before_starting_step",
    "current_experiment",
    "current_step",
    "desired_weight",
    "replicas_or_weight",
    "set_weight",
    "should_verify_weight",
    "step_text",
]


def current_step(rollout: Rollout) -> tuple[int | None, Step | None]:
    """The index of the current step, None without steps; and the step, None when all are done (GetCurrentCanaryStep)."""
    steps = rollout.steps
    if not steps:
        return None, None
    index = rollout.status.current_step_index or 0
    return index, steps[index] if 0 <= index < len(steps) else None


def _so_far(rollout: Rollout) -> Iterator[Step]:
    """The current step and those before it, from there back."""
    index, _ = current_step(rollout)
    if index is not None:
        yield from reversed(rollout.steps[: index + 1])


def set_weight(rollout: Rollout) -> int:
    """The weight that the steps so far ask for (GetCurrentSetWeight)."""
    if rollout.status.abort:
        return 0
    return _step_weight(rollout)


def _step_weight(rollout: Rollout) -> int:
    _, step = current_step(rollout)
    if step is None:
        return _full(rollout)
    return next((one.set_weight for one in _so_far(rollout) if one.set_weight is not None), 0)


def previous_weight(rollout: Rollout) -> int:
    """The weight before the current step: what holds while its pods are not there yet."""
    index, _ = current_step(rollout)
    before = reversed(rollout.steps[: index or 0])
    return next((one.set_weight for one in before if one.set_weight is not None), 0)


def desired_weight(rollout: Rollout, new: ReplicaSet | None = None, stable: ReplicaSet | None = None) -> int:
    """The weight that pods are counted for.

    On abort with `dynamicStableScale` the canary keeps what stable cannot carry yet
    (calculateDesiredWeightOnAbortOrStableRollback), so that no pod goes before another can take its place.
    """
    canary = rollout.canary
    if not (rollout.status.abort and canary is not None and canary.dynamic_stable_scale and new and stable):
        return set_weight(rollout)
    replicas = rollout.spec.desired
    held = expected = replicas - stable.available
    if not canary.abort_scale_down_delay_seconds:
        held = max(expected, new.available)
    for step in reversed(rollout.steps):
        weight = step.set_weight
        if weight is not None and -(-weight * replicas // canary.max_weight) < held:
            return weight
    return 0


def canary_scale(rollout: Rollout) -> SetCanaryScale | None:
    """The `setCanaryScale` that is in force (UseSetCanaryScale)."""
    canary = rollout.canary
    if canary is None or not rollout.routed:
        return None
    if rollout.status.abort and canary.abort_scale_down_delay_seconds != 0:
        return None
    index, step = current_step(rollout)
    if index is None or step is None:
        return None
    found = next((one.set_canary_scale for one in _so_far(rollout) if one.set_canary_scale is not None), None)
    return None if found is None or found.match_traffic_weight else found


def replicas_or_weight(
    rollout: Rollout, new: ReplicaSet | None = None, stable: ReplicaSet | None = None
) -> tuple[int | None, int]:
    """The number of canary pods if steps ask for one, and the weight that counts otherwise (GetCanaryReplicasOrWeight)."""
    status = rollout.status
    if status.promote_full or not status.stable_rs or rollout.fully_promoted:
        return None, _full(rollout)
    scale = canary_scale(rollout)
    if scale is not None and scale.replicas is not None:
        return scale.replicas, 0
    if scale is not None and scale.weight is not None:
        return None, scale.weight
    return None, desired_weight(rollout, new, stable)


def before_starting_step(rollout: Rollout) -> bool:
    """Whether the background analysis has to wait for a later step."""
    analysis = rollout.canary.analysis if rollout.canary is not None else None
    index, _ = current_step(rollout)
    if analysis is None or analysis.starting_step is None or index is None:
        return False
    return index < analysis.starting_step


def current_experiment(rollout: Rollout) -> Experiment | None:
    """The experiment of the current step, or of the nearest one before it (GetCurrentExperimentStep)."""
    if current_step(rollout)[1] is None:
        return None
    return next((one.experiment for one in _so_far(rollout) if one.experiment is not None), None)


def should_verify_weight(rollout: Rollout, weight: int) -> bool:
    """Whether a router's weight has to be verified now: at `setWeight`, and at the end (ShouldVerifyWeight)."""
    if not rollout.status.stable_rs or rollout.fully_promoted:
        return False
    _, step = current_step(rollout)
    return step.set_weight is not None if step is not None else weight == _full(rollout)


def step_text(step: Step) -> str:
    """A step as tools and events show it (CanaryStepString)."""
    if step.set_weight is not None:
        return f"setWeight: {step.set_weight}"
    if step.pause is not None:
        return "pause" if step.pause.duration is None else f"pause: {step.pause.duration}"
    if step.experiment is not None:
        return "experiment"
    if step.analysis is not None:
        return "analysis"
    if step.set_canary_scale is not None:
        return f"setCanaryScale{_scale_text(step.set_canary_scale)}"
    for kind, named in (("plugin", step.plugin), ("setHeaderRoute", step.set_header_route)):
        if named is not None:
            return f"{kind}: {named.name}"
    return f"setMirrorRoute: {step.set_mirror_route.name}" if step.set_mirror_route is not None else "invalid"


def _scale_text(scale: SetCanaryScale) -> str:
    if scale.weight is not None:
        return f"{{weight: {scale.weight}}}"
    if scale.match_traffic_weight:
        return "{matchTrafficWeight: true}"
    return f"{{replicas: {scale.replicas}}}" if scale.replicas is not None else ""


def _full(rollout: Rollout) -> int:
    return rollout.canary.max_weight if rollout.canary is not None else 100
