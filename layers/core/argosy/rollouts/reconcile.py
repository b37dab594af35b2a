"""What to do next about a Rollout: `reconcile(seen, now)`.

Follows `rollout/controller.go` (syncHandler) of Argo Rollouts. Pure. Where a turn changes nothing but the status, the next
one is decided at once on the status that it leaves: a step that is done and the one that it leads to are one write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from argosy.resources.base import Problem
from argosy.rollouts import blueflow
from argosy.rollouts import conditions as names
from argosy.rollouts.canary import flow
from argosy.rollouts.conditions import condition, with_condition
from argosy.rollouts.phase import calculated_phase
from argosy.rollouts.revisions import UPDATED, find_new
from argosy.rollouts.statuses import status_patch
from argosy.rollouts.turn import Seen, Turn
from argosy.rollouts.workloads import scale_workload
from argosy.rollouts.writes import Change, Event, Plan

__all__ = ["reconcile"]

_INVALID_AGAIN: Final = timedelta(seconds=20)
_MOST_STEPS: Final = 50


def reconcile(seen: Seen, problems: Sequence[Problem], now: datetime) -> Plan:
    """Decide. `problems`: what is wrong with the spec or with what it names; then nothing moves."""
    if (seen.body.get("metadata") or {}).get("deletionTimestamp"):
        return Plan()
    if problems:
        return _refused(seen, problems, now)
    before, seen, events = seen, _retried(seen), list[Event]()
    for _ in range(_MOST_STEPS):
        turn = Turn(seen, now)
        turn.new = find_new(turn)
        strategy = flow if seen.rollout.canary is not None else blueflow
        strategy.run(turn)
        scale_workload(turn)
        events += turn.events
        writes = turn.writes
        if writes or turn.status == seen.rollout.status:
            break
        seen = replace(seen, rollout=seen.rollout.model_copy(update={"status": turn.status}))
    patch = status_patch(before.body.get("status") or {}, turn.status)
    return _own_alone(Plan(writes, patch, events, turn.due, turn.takes_away), now)


def _retried(seen: Seen) -> Seen:
    """After an abort that was taken back, runs and experiments of before say nothing: there will be new ones.

    Argo asks for new ones in the first turn alone (needsNewAnalysisRun), and aborts again where their time comes later.
    """
    status = seen.rollout.status
    if status.abort or status.aborted_at is None:
        return seen
    canary = status.canary.model_copy(
        update={
            "current_step_analysis_run_status": None,
            "current_background_analysis_run_status": None,
            "current_experiment": "",
        }
    )
    blue_green = status.blue_green.model_copy(
        update={"pre_promotion_analysis_run_status": None, "post_promotion_analysis_run_status": None}
    )
    status = status.model_copy(update={"canary": canary, "blue_green": blue_green})
    return replace(seen, rollout=seen.rollout.model_copy(update={"status": status}))


def _own_alone(plan: Plan, now: datetime) -> Plan:
    """The rollout's own annotations in a turn without its status: each moves the version that the other stands on."""
    own = [one for one in plan.writes if isinstance(one, Change) and one.ref.kind == "Rollout"]
    if not own or not plan.status:
        return plan
    told = [one for one in plan.events if one.reason != UPDATED]
    return replace(plan, writes=[one for one in plan.writes if one not in own], events=told, requeue_at=now)


def _refused(seen: Seen, problems: Sequence[Problem], now: datetime) -> Plan:
    """Say what is wrong, and look again: what is missing may come (createInvalidRolloutCondition)."""
    rollout = seen.rollout
    text = "; ".join(f"{one.field}: {one.reason}" for one in problems)
    message = f'The Rollout "{rollout.metadata.name}" is invalid: {text}'
    fresh = condition(names.INVALID_SPEC, "True", names.INVALID_SPEC, message, now)
    status = with_condition(rollout.status, fresh)
    status = status.model_copy(update={"observed_generation": str(rollout.metadata.generation)})
    found, said = calculated_phase(rollout.spec, status)
    status = status.model_copy(update={"phase": found, "message": said})
    patch = status_patch(seen.body.get("status") or {}, status)
    known = rollout.status.condition(names.INVALID_SPEC)
    news = known is None or known.message != message
    events = [Event(names.INVALID_SPEC, message, warning=True)] if news else []
    return Plan((), patch, events, now + _INVALID_AGAIN)
