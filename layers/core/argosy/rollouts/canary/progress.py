"""How a canary moves on: whether a step is done, which comes next, and when the new version is the stable one.

Follows `rollout/canary.go` (isStepCompleted, syncRolloutStatusCanary) and `rollout/sync.go` of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from argosy.resources.rollout import Rollout, Step
from argosy.rollouts.bluegreen import Facts
from argosy.rollouts.canary.counts import threshold_met
from argosy.rollouts.canary.steps import current_step
from argosy.rollouts.replicasets import ReplicaSet, is_experiment

__all__ = ["Moved", "StepFacts", "is_step_completed", "next_index", "promote_reason", "within_rollback_window"]


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What a step's end depends on. `weight_verified`: None where there is nothing to verify."""

    at_desired: bool = False
    weight_verified: bool | None = None
    experiment: str | None = None
    analysis: str | None = None
    plugin_done: bool = False
    pause_over: bool = False


def is_step_completed(rollout: Rollout, facts: StepFacts) -> bool:
    """Whether the current step is done."""
    step = current_step(rollout)[1]
    return not rollout.spec.paused and step is not None and _done(step, facts)


def _done(step: Step, facts: StepFacts) -> bool:
    if step.pause is not None:
        return facts.pause_over
    if step.set_canary_scale is not None:
        return facts.at_desired
    if step.set_weight is not None:
        return facts.at_desired and facts.weight_verified is not False
    if step.experiment is not None:
        return facts.experiment == "Successful"
    if step.analysis is not None:
        return facts.analysis == "Successful"
    if step.set_header_route is not None or step.set_mirror_route is not None:
        return True
    return step.plugin is not None and facts.plugin_done


@dataclass(frozen=True, slots=True)
class Moved:
    """What decides the next index beside the rollout.

    `changed`: the pod template or the steps are others than the status knows; `new_active`: the new ReplicaSet has pods;
    `promote`: why the new version becomes the stable one, "" = it does not.
    """

    new_hash: str
    changed: bool = False
    within_window: bool = False
    new_active: bool = False
    promote: str = ""
    aborted: bool = False
    step_done: bool = False


def next_index(rollout: Rollout, moved: Moved) -> tuple[int | None, str]:
    """The step's index after this turn, None without steps; and the hash of the stable version."""
    stable, count = rollout.status.stable_rs, len(rollout.steps)
    if not count:
        promoted = moved.promote and not moved.changed
        return None, moved.new_hash if promoted else stable
    if moved.changed:
        skips = moved.new_hash == stable or (moved.within_window and moved.new_active)
        return count if skips else 0, stable
    if moved.promote:
        return count, moved.new_hash
    if moved.aborted:
        return count if stable == moved.new_hash else 0, stable
    if rollout.status.promote_full or moved.within_window:
        return count, stable
    return (rollout.status.current_step_index or 0) + moved.step_done, stable


def promote_reason(rollout: Rollout, facts: Facts, new: ReplicaSet | None = None) -> str:
    """Why the new version becomes the stable one, "" while it does not (shouldFullPromote)."""
    if not facts.has_stable:
        return "Initial deploy"
    threshold = rollout.canary.replica_progress_threshold if rollout.canary is not None else None
    enough = (
        facts.available >= rollout.spec.desired if threshold is None else threshold_met(threshold, new, facts.desired)
    )
    if facts.aborted or not enough:
        return ""
    if rollout.status.promote_full:
        return "Full promotion requested"
    if facts.fast_rollback:
        return "Rollback within window" if facts.within_window else "Fast rollback"
    steps, index = rollout.steps, rollout.status.current_step_index
    return f"Completed all {len(steps)} canary steps" if not steps or index == len(steps) else ""


def within_rollback_window(
    sets: Iterable[ReplicaSet], new: ReplicaSet | None, stable: ReplicaSet | None, revisions: int
) -> bool:
    """Whether going back to an older version is free of steps and analyses (isRollbackWithinWindow)."""
    if new is None or stable is None or new.created is None or stable.created is None or not revisions:
        return False
    if not new.created < stable.created:
        return False
    between = [one for one in sets if one.created and new.created < one.created < stable.created]
    return sum(not is_experiment(one) for one in between) < revisions
