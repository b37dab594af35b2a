"""Pauses: how long they last, when they are over, and what becomes of the status' pause and abort fields.

Follows `rollout/pause.go` of Argo Rollouts. A pause is an edge: `controllerPause` without the pause's condition means that
somebody has resumed, and the step counts as done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang import duration
from argosy.lang.instants import parse
from argosy.resources.rollout import Pause, Rollout
from argosy.rollouts.canary.steps import current_step
from argosy.rollouts.instants import stamp

__all__ = [
    "BLUE_GREEN",
    "CANARY_STEP",
    "INCONCLUSIVE_ANALYSIS",
    "INCONCLUSIVE_EXPERIMENT",
    "PauseFields",
    "blue_green_pause_over",
    "canary_pause_over",
    "is_manual",
    "needs_pause",
    "pause_ends",
    "pause_fields",
    "seconds",
]

CANARY_STEP: Final = "CanaryPauseStep"
BLUE_GREEN: Final = "BlueGreenPause"
INCONCLUSIVE_ANALYSIS: Final = "InconclusiveAnalysisRun"
INCONCLUSIVE_EXPERIMENT: Final = "InconclusiveExperiment"
_AFTER: Final = timedelta(milliseconds=1)
"""A pause is over after its end, not at it."""


def seconds(value: int | str | None) -> int:
    """A pause's duration in whole seconds: 0 for none, -1 for what is none (RolloutPause.DurationSeconds)."""
    if value is None:
        return 0
    plain = duration.plain_seconds(value)
    if plain is not None:
        return plain
    try:
        return int(duration.parse(str(value)) / duration.SECOND)
    except EvaluationError:
        return -1


def pause_ends(rollout: Rollout) -> datetime | None:
    """When the pause that the rollout is in is over by itself; None when it is in none, or in one that somebody must end."""
    canary, blue_green = rollout.canary, rollout.blue_green
    if canary is not None:
        step = current_step(rollout)[1]
        if step is None or step.pause is None or step.pause.duration is None:
            return None
        end = _end(rollout, CANARY_STEP, seconds(step.pause.duration))
    elif blue_green is not None and blue_green.auto_promotion_seconds > 0:
        end = _end(rollout, BLUE_GREEN, blue_green.auto_promotion_seconds)
    else:
        return None
    return end + _AFTER if end is not None else None


def canary_pause_over(rollout: Rollout, pause: Pause, now: datetime) -> bool:
    """Whether a pause step is done (CompletedCanaryPauseStep)."""
    if rollout.status.controller_pause and rollout.status.paused_for(CANARY_STEP) is None:
        return True
    if pause.duration is None:
        return False
    end = _end(rollout, CANARY_STEP, seconds(pause.duration))
    return end is not None and now > end


def blue_green_pause_over(rollout: Rollout, now: datetime) -> bool:
    """Whether nothing holds the switch back any more (CompletedBlueGreenPause)."""
    status, blue_green = rollout.status, rollout.blue_green
    if status.blue_green.scale_up_preview_check_point or blue_green is None:
        return True
    if blue_green.auto_promotion_enabled is False:
        return status.controller_pause and status.paused_for(BLUE_GREEN) is None
    if not blue_green.auto_promotion_seconds:
        return True
    end = _end(rollout, BLUE_GREEN, blue_green.auto_promotion_seconds)
    return end is not None and now > end


def needs_pause(rollout: Rollout) -> bool:
    """Whether a blue-green rollout pauses before it switches (needsBlueGreenControllerPause)."""
    blue_green = rollout.blue_green
    if blue_green is None:
        return False
    return blue_green.auto_promotion_enabled is False or blue_green.auto_promotion_seconds > 0


def is_manual(rollout: Rollout, reason: str) -> bool:
    """Whether a pause of that reason ends only when somebody ends it."""
    if reason in (INCONCLUSIVE_ANALYSIS, INCONCLUSIVE_EXPERIMENT):
        return True
    if reason == CANARY_STEP:
        step = current_step(rollout)[1]
        return step is not None and step.pause is not None and step.pause.duration is None
    return (
        reason == BLUE_GREEN and rollout.blue_green is not None and rollout.blue_green.auto_promotion_enabled is False
    )


@dataclass(frozen=True, slots=True)
class PauseFields:
    """The fields of a status that say whether it is paused or aborted."""

    abort: bool
    aborted_at: str | None
    controller_pause: bool
    conditions: Sequence[Mapping[str, Any]]


def pause_fields(
    rollout: Rollout,
    now: datetime,
    *,
    add: Sequence[str] = (),
    remove: Collection[str] = (),
    clear: bool = False,
    add_abort: bool = False,
    remove_abort: bool = False,
) -> PauseFields:
    """What they become (CalculatePauseStatus)."""
    status = rollout.status
    if add_abort or (status.abort and not remove_abort):
        return PauseFields(
            abort=True, aborted_at=status.aborted_at or stamp(now), controller_pause=False, conditions=()
        )
    if clear:
        return PauseFields(abort=False, aborted_at=None, controller_pause=False, conditions=())
    kept = [
        {"reason": one.reason, "startTime": one.start_time}
        for one in status.pause_conditions
        if one.reason not in remove
    ]
    paused = status.controller_pause
    for reason in add:
        if all(one["reason"] != reason for one in kept):
            kept.append({"reason": reason, "startTime": stamp(now)})
            paused = True
    return PauseFields(abort=False, aborted_at=None, controller_pause=bool(kept) and paused, conditions=kept)


def _end(rollout: Rollout, reason: str, lasts: int) -> datetime | None:
    condition = rollout.status.paused_for(reason)
    start = parse(condition.start_time) if condition is not None else None
    return start + timedelta(seconds=lasts) if start is not None else None
