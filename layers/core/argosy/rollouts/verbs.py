"""What tools do to a Rollout: merge patches of its spec and of its status.

Follows `pkg/kubectl-argo-rollouts/cmd` of Argo Rollouts. Out: the two patches, None where that part stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from argosy.errors import EvaluationError
from argosy.resources.rollout import Rollout
from argosy.rollouts.instants import stamp

__all__ = ["VERBS", "Patches", "patches"]

type Body = Mapping[str, Any] | None

VERBS = (
    "promote",
    "promote-skip-current-step",
    "promote-skip-all-steps",
    "promote-full",
    "abort",
    "retry",
    "pause",
    "restart",
)


class Patches(NamedTuple):
    """Merge patches of `spec` and `status`."""

    spec: Body = None
    status: Body = None


def patches(verb: str, rollout: Rollout, now: datetime | None = None) -> Patches:
    """The patches of a verb; `now` for `restart`. Raises EvaluationError for a verb that makes no sense here."""
    unpaused = {"paused": False} if rollout.spec.paused else None
    if verb == "abort":
        return Patches(status={"abort": True})
    if verb == "retry":
        return Patches(status={"abort": False})
    if verb == "pause":
        return Patches(spec={"paused": True})
    if verb == "restart" and now is not None:
        return Patches(spec={"restartAt": stamp(now)})
    if verb == "promote-full":
        return Patches(unpaused, None if rollout.fully_promoted else {"promoteFull": True})
    if verb == "promote":
        return Patches(unpaused, _promoted(rollout))
    if verb in ("promote-skip-current-step", "promote-skip-all-steps"):
        if rollout.blue_green is not None:
            raise EvaluationError("Cannot skip steps of a bluegreen rollout. Run without a flags")
        if not rollout.steps:
            raise EvaluationError("Cannot skip steps of a rollout without steps")
        whole = verb == "promote-skip-all-steps"
        return Patches(status={"currentStepIndex": len(rollout.steps) if whole else _next(rollout)})
    raise EvaluationError(f"{verb!r} is nothing that can be done to a Rollout: {', '.join(VERBS)}")


def _promoted(rollout: Rollout) -> Body:
    status = rollout.status
    run = status.canary.current_step_analysis_run_status
    if run is not None and run.status == "Inconclusive" and status.pause_conditions and status.controller_pause:
        if not rollout.steps:
            return None
        return {"pauseConditions": None, "controllerPause": False, "currentStepIndex": _next(rollout)}
    if status.pause_conditions:
        return {"pauseConditions": None}
    return {"pauseConditions": None, "currentStepIndex": _next(rollout)} if rollout.steps else None


def _next(rollout: Rollout) -> int:
    return min((rollout.status.current_step_index or 0) + 1, len(rollout.steps))
