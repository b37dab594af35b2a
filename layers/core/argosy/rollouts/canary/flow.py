"""One turn of a canary, in Argo's order: `rolloutCanary` and `syncRolloutStatusCanary` of `rollout/canary.go`."""

from __future__ import annotations

from argosy.rollouts import analyses, experiments, routing
from argosy.rollouts.bluegreen import Facts
from argosy.rollouts.canary.counts import at_desired, replica_counts
from argosy.rollouts.canary.progress import (
    Moved,
    StepFacts,
    is_step_completed,
    next_index,
    promote_reason,
)
from argosy.rollouts.canary.steps import current_step, step_text
from argosy.rollouts.ephemeral import sync_metadata
from argosy.rollouts.pauses import CANARY_STEP, canary_pause_over
from argosy.rollouts.replicasets import ReplicaSet
from argosy.rollouts.restarting import restart_pods
from argosy.rollouts.revisions import steps_changed, sync_revision, template_changed
from argosy.rollouts.scaling import is_scaling_event, prune_history, scale_all
from argosy.rollouts.services import selected_hash, switch_allowed, switch_patch
from argosy.rollouts.statuses import base_status, canary_base, persisted, promote, reset
from argosy.rollouts.turn import SERVICE, Turn

__all__ = ["run"]


def run(turn: Turn) -> None:
    """Decide a turn."""
    if is_scaling_event(turn):
        scale_all(turn)
        _finish(turn)
        return
    changed = template_changed(turn) or steps_changed(turn)
    sync_revision(turn)
    if not changed:
        _go_on(turn)
    if not turn.unrouted:
        _finish(turn)


def _go_on(turn: Turn) -> None:
    if restart_pods(turn):
        return
    sync_metadata(turn)
    prune_history(turn)
    _point_services(turn)
    routing.sync(turn)
    if turn.unverified or turn.unrouted:
        return  # nothing ends, and no pod goes, before the traffic has moved
    experiments.sync(turn)
    analyses.sync(turn)
    if turn.pauses or scale_all(turn):
        return
    _pause(turn)


# Services


def _point_services(turn: Turn) -> None:
    """The stable and the canary Service select their versions (reconcileStableAndCanaryService)."""
    canary = turn.rollout.canary
    if canary is None:
        return
    stable, other = routing.service_names(turn.rollout)
    _point(turn, stable, turn.stable)
    if routing.rolls_back_dynamically(turn):
        return
    _point(turn, other, turn.stable if turn.aborted and not turn.rollout.routed else turn.new)


def _point(turn: Turn, name: str, target: ReplicaSet | None, *, check: bool = True) -> None:
    service = turn.service(name)
    if service is None or target is None or not switch_allowed(service, target, check=check):
        return
    patch = switch_patch(service, target.hash, turn.rollout.metadata.name)
    if patch is not None:
        before = selected_hash(service)
        turn.change(SERVICE(name), patch)
        turn.takes_away = True
        turn.tell("SwitchService", f"Switched selector for service '{name}' from '{before}' to '{target.hash}'")


# Pauses


def _pause(turn: Turn) -> None:
    """Pause at a pause step (reconcileCanaryPause)."""
    step = current_step(turn.rollout)[1]
    status = turn.rollout.status
    if turn.rollout.spec.paused or status.promote_full or step is None or step.pause is None or not status.stable_rs:
        return
    if turn.rollout.fully_promoted or status.controller_pause or status.paused_for(CANARY_STEP) is not None:
        return
    turn.pauses.append(CANARY_STEP)


# Status


def _finish(turn: Turn) -> None:
    base_status(turn)
    canary_base(turn)
    changed = template_changed(turn) or steps_changed(turn)
    window = turn.within_window
    if changed:
        reset(turn)
    elif turn.rollout.status.promote_full or window:
        turn.clear, turn.retried, turn.abort_message = True, True, None
    reason = "" if changed or turn.unverified else _promote_reason(turn, window=window)
    done = not (changed or reason or turn.aborted) and is_step_completed(turn.rollout, _facts(turn))
    moved = Moved(
        turn.new_hash,
        changed=changed,
        within_window=window,
        new_active=turn.new is not None and turn.new.replicas > 0,
        promote=reason,
        aborted=turn.aborted,
        step_done=done,
    )
    index, _ = next_index(turn.rollout, moved)
    turn.set_status(current_step_index=index)
    if changed:
        _tell_skips(turn, index, window=window)
    elif reason:
        promote(turn, reason)
    elif done:
        _completed(turn)
    persisted(turn)


def _tell_skips(turn: Turn, index: int | None, *, window: bool) -> None:
    if index and index == len(turn.rollout.steps):
        turn.tell("SkipSteps", "Rollback within window" if window else "Rollback to stable ReplicaSets")


def _completed(turn: Turn) -> None:
    index, step = current_step(turn.rollout)
    if index is None or step is None:
        return
    count = len(turn.rollout.steps)
    turn.set_canary(current_step_analysis_run_status=None)
    turn.resumed.add(CANARY_STEP)
    turn.tell("RolloutStepCompleted", f"Rollout step {index + 1}/{count} completed ({step_text(step)})")


def _promote_reason(turn: Turn, *, window: bool) -> str:
    new, stable = turn.new, turn.stable
    desired = replica_counts(turn.rollout, new, stable, turn.older, turn.status.canary.weights)
    facts = Facts(
        stable is not None,
        new.available if new is not None else 0,
        fast_rollback=window or (stable is not None and stable.hash == turn.new_hash),
        within_window=window,
        aborted=turn.aborted,
        desired=desired.canary,
    )
    return promote_reason(turn.rollout, facts, new)


def _facts(turn: Turn) -> StepFacts:
    step = current_step(turn.rollout)[1]
    weights = turn.status.canary.weights
    # The counts are those of the turn's beginning: a ReplicaSet that was scaled just now is not where it should be.
    there = at_desired(turn.rollout, turn.new, turn.stable, turn.older, turn.rollout.status.canary.weights)
    return StepFacts(
        there,
        weights.verified if weights is not None else None,
        experiments.phase(turn),
        analyses.step_phase(turn),
        pause_over=step is not None
        and step.pause is not None
        and canary_pause_over(turn.rollout, step.pause, turn.now),
    )
