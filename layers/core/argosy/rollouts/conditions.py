"""Conditions of a Rollout's status: what has become of it since, and whether it is done, healthy or late.

Follows `utils/conditions/conditions.go` of Argo Rollouts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from argosy.lang.instants import parse
from argosy.resources.rollout import Condition, Rollout, RolloutStatus
from argosy.rollouts.instants import stamp

__all__ = [
    "ABORTED",
    "AVAILABLE",
    "COMPLETED",
    "DEADLINE_EXCEEDED",
    "HEALTHY",
    "INVALID_SPEC",
    "PAUSED",
    "PROGRESSING",
    "REPLICA_FAILURE",
    "condition",
    "is_completed",
    "is_healthy",
    "is_progressing",
    "timed_out",
    "times_out_at",
    "with_condition",
]

AVAILABLE: Final = "Available"
COMPLETED: Final = "Completed"
HEALTHY: Final = "Healthy"
INVALID_SPEC: Final = "InvalidSpec"
PAUSED: Final = "Paused"
PROGRESSING: Final = "Progressing"
REPLICA_FAILURE: Final = "ReplicaFailure"
ABORTED: Final = "RolloutAborted"
DEADLINE_EXCEEDED: Final = "ProgressDeadlineExceeded"
_PAUSED_REASON: Final = "RolloutPaused"


def is_progressing(rollout: Rollout, after: RolloutStatus) -> bool:
    """Whether `after` is further than the rollout's status (RolloutProgressing)."""
    before = rollout.status
    if rollout.blue_green is not None:
        was, now = before.blue_green, after.blue_green
        moved = (was.active_selector, was.preview_selector) != (now.active_selector, now.preview_selector)
    else:
        both = before.current_step_index is not None and after.current_step_index is not None
        moved = (
            before.stable_rs != after.stable_rs
            or before.current_step_hash != after.current_step_hash
            or (both and before.current_step_index != after.current_step_index)
        )
    return (
        moved
        or after.updated_replicas != before.updated_replicas
        or after.replicas - after.updated_replicas < before.replicas - before.updated_replicas
        or after.ready_replicas > before.ready_replicas
        or after.available_replicas > before.available_replicas
    )


def is_healthy(rollout: Rollout, after: RolloutStatus) -> bool:
    """Whether everything is as the spec says (RolloutHealthy)."""
    if rollout.blue_green is not None:
        active, preview = after.blue_green.active_selector, after.blue_green.preview_selector
        done = active == after.current_pod_hash and bool(active)
        done = done and (not rollout.blue_green.preview_service or preview == after.current_pod_hash)
    else:
        index, steps = after.current_step_index, rollout.steps
        done = bool(after.stable_rs) and after.stable_rs == after.current_pod_hash
        done = done and after.replicas == rollout.spec.desired and (not steps or index is None or index == len(steps))
    wanted = rollout.spec.desired
    observed = rollout.status.observed_generation == str(rollout.metadata.generation)
    return done and observed and after.updated_replicas == after.available_replicas == wanted


def is_completed(status: RolloutStatus) -> bool:
    """Whether the stable version is the current one (RolloutCompleted)."""
    return bool(status.stable_rs) and status.stable_rs == status.current_pod_hash


def timed_out(deadline: int, status: RolloutStatus, now: datetime) -> bool:
    """Whether there was no progress for `deadline` seconds (RolloutTimedOut)."""
    found = status.condition(PROGRESSING)
    if found is not None and found.reason == DEADLINE_EXCEEDED:
        return True
    end = times_out_at(deadline, status)
    return end is not None and end < now


def times_out_at(deadline: int, status: RolloutStatus) -> datetime | None:
    """When there will have been no progress for `deadline` seconds; None while that does not count, or has come."""
    found = status.condition(PROGRESSING)
    if found is None or found.reason in (ABORTED, _PAUSED_REASON, DEADLINE_EXCEEDED):
        return None
    since = parse(found.last_update_time)
    return since + timedelta(seconds=deadline) if since is not None else None


def condition(kind: str, status: str, reason: str, message: str, now: datetime) -> Condition:
    """A new condition (NewRolloutCondition)."""
    at = stamp(now)
    return Condition(
        type=kind, status=status, reason=reason, message=message, last_update_time=at, last_transition_time=at
    )


def with_condition(status: RolloutStatus, wanted: Condition) -> RolloutStatus:
    """The status with that condition, its transition time kept while only reason or message change (SetRolloutCondition)."""
    found = status.condition(wanted.type)
    if found is not None and (found.status, found.reason, found.message) == (
        wanted.status,
        wanted.reason,
        wanted.message,
    ):
        return status
    if found is not None and found.status == wanted.status:
        wanted = wanted.model_copy(update={"last_transition_time": found.last_transition_time})
    others = [one for one in status.conditions if one.type != wanted.type]
    return status.model_copy(update={"conditions": [*others, wanted]})


def without_condition(status: RolloutStatus, kind: str) -> RolloutStatus:
    """The status without the condition of a type."""
    if status.condition(kind) is None:
        return status
    return status.model_copy(update={"conditions": [one for one in status.conditions if one.type != kind]})
