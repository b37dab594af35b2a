"""When old versions go: their deadlines, and how many of them are kept until then.

Follows `utils/defaults/defaults.go`, `rollout/replicaset.go` and `rollout/bluegreen.go` of Argo Rollouts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from argosy.resources.rollout import Rollout

__all__ = ["DeadlineStep", "abort_delay", "deadline_step", "delay"]

_DEFAULT_SECONDS: Final = 30
_UNLIMITED: Final = 2**31 - 1


def delay(rollout: Rollout) -> int:
    """Seconds that an old version stays up after the switch (GetScaleDownDelaySecondsOrDefault)."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if blue_green is not None:
        given = blue_green.scale_down_delay_seconds
    elif canary is not None and rollout.routed and not canary.dynamic_stable_scale:
        given = canary.scale_down_delay_seconds
    else:
        return 0
    return _DEFAULT_SECONDS if given is None else given


def abort_delay(rollout: Rollout) -> tuple[int | None, bool]:
    """Seconds that the new version stays up after an abort, None = for ever; and whether they were given."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if blue_green is not None:
        given = blue_green.abort_scale_down_delay_seconds
    elif canary is not None and rollout.routed:
        given = canary.abort_scale_down_delay_seconds
    else:
        return 0, False
    if given is None:
        return _DEFAULT_SECONDS, False
    return given or None, True


@dataclass(frozen=True, slots=True)
class DeadlineStep:
    """What becomes of an old ReplicaSet: its replicas, a new deadline, and how many have one by now."""

    annotated: int
    replicas: int
    deadline: datetime | None = None


def deadline_step(
    rollout: Rollout, replicas: int, deadline: datetime | None, annotated: int, now: datetime
) -> DeadlineStep:
    """One old ReplicaSet that is up; `annotated`: those counted before it, the newest first."""
    strategy = rollout.blue_green or rollout.canary
    limit = strategy.scale_down_delay_revision_limit if strategy is not None else None
    limit = _UNLIMITED if limit is None else limit
    if deadline is None:
        if annotated >= limit:
            return DeadlineStep(annotated, 0)
        return DeadlineStep(annotated + 1, replicas, now + timedelta(seconds=delay(rollout)))
    annotated += 1
    if annotated > limit or deadline <= now:
        return DeadlineStep(annotated, 0)
    return DeadlineStep(annotated, rollout.spec.desired)
