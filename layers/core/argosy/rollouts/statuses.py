"""The status of a Rollout at the end of a turn.

Follows `rollout/sync.go` (calculateBaseStatus, calculateRolloutConditions, persistRolloutStatus, promoteStable) of Argo
Rollouts. Out: the merge patch of what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from argosy.lang.patch import create_merge_patch
from argosy.lang.selectors import label_selector, selector_text
from argosy.resources.rollout import CanaryStatus, Condition, RolloutStatus
from argosy.rollouts import conditions as names
from argosy.rollouts.bounds import max_unavailable
from argosy.rollouts.canary.steps import current_step
from argosy.rollouts.conditions import condition, with_condition, without_condition
from argosy.rollouts.pauses import pause_ends, pause_fields
from argosy.rollouts.phase import WORKLOAD_GENERATION, calculated_phase
from argosy.rollouts.replicasets import available, by_hash, ready, status_size
from argosy.rollouts.revisions import current_step_hash
from argosy.rollouts.turn import Turn

__all__ = ["base_status", "persisted", "promote", "reset", "status_patch"]

_RESET_CANARY: Final = CanaryStatus()


def base_status(turn: Turn) -> None:
    """What holds whatever the strategy decides."""
    new, before = turn.new, turn.rollout.status
    turn.set_status(
        current_pod_hash=turn.new_hash,
        replicas=status_size(turn.sets),
        updated_replicas=status_size([new]),
        ready_replicas=ready(turn.sets),
        promote_full=before.promote_full and turn.new_hash != before.stable_rs,
    )
    turn.status = without_condition(turn.status, names.INVALID_SPEC)


def canary_base(turn: Turn) -> None:
    """What a canary's status has beside that."""
    selector = turn.rollout.spec.selector or {}
    turn.set_status(
        available_replicas=available(turn.sets),
        hpa_replicas=status_size(turn.sets),
        selector=selector_text(label_selector(selector)),
        current_step_hash=current_step_hash(turn),
        current_step_index=current_step(turn.rollout)[0],
    )


def blue_green_base(turn: Turn) -> None:
    """What a blue-green rollout's status has beside that."""
    active = by_hash(turn.sets, turn.status.blue_green.active_selector)
    selector = ((active.body.get("spec") or {}).get("selector") or {}) if active is not None else {}
    turn.set_status(
        available_replicas=available([active]),
        hpa_replicas=status_size([active]) if active is not None else status_size(turn.sets),
        selector=selector_text(label_selector(selector or turn.rollout.spec.selector or {})),
    )


def reset(turn: Turn) -> None:
    """An update begins (resetRolloutStatus)."""
    turn.clear, turn.retried, turn.abort_message = True, True, None
    steps = turn.rollout.steps
    turn.set_status(promote_full=False, current_step_index=0 if steps else None)
    turn.set_canary(
        current_step_analysis_run_status=None, current_background_analysis_run_status=None, current_experiment=""
    )
    turn.set_blue_green(
        pre_promotion_analysis_run_status=None,
        post_promotion_analysis_run_status=None,
        scale_up_preview_check_point=False,
    )


def promote(turn: Turn, reason: str) -> None:
    """The new version becomes the stable one (promoteStable)."""
    turn.clear, turn.retried, turn.abort_message = True, True, None
    steps, canary = turn.rollout.steps, turn.rollout.canary
    turn.set_status(promote_full=False, current_step_index=len(steps) or None)
    turn.set_blue_green(scale_up_preview_check_point=False)
    if turn.status.stable_rs == turn.status.current_pod_hash:
        return
    if canary is not None and canary.ping_pong is not None:
        pong = turn.rollout.status.canary.stable_ping_pong == "ping"
        turn.set_canary(stable_ping_pong="pong" if pong else "ping")
    turn.set_status(stable_rs=turn.status.current_pod_hash)
    turn.tell(
        "RolloutCompleted",
        f"Rollout completed update to revision {turn.revision} ({turn.status.current_pod_hash}): {reason}",
    )


def persisted(turn: Turn) -> None:
    """Bring the status into its last form: pauses, conditions, phase."""
    rollout = turn.rollout
    turn.set_status(observed_generation=str(rollout.metadata.generation))
    workload = rollout.metadata.annotations.get(WORKLOAD_GENERATION)
    if workload:
        turn.set_status(workload_observed_generation=workload)
    _deadline_abort(turn)
    _pause(turn)
    _conditions(turn)
    found, message = calculated_phase(rollout.spec, turn.status)
    turn.set_status(phase=found, message=message)


def _pause(turn: Turn) -> None:
    fields = pause_fields(
        turn.rollout,
        turn.now,
        add=turn.pauses,
        remove=turn.resumed,
        clear=turn.clear,
        add_abort=turn.abort_message is not None,
        remove_abort=turn.retried,
    )
    status = turn.status.model_validate(
        {
            "pauseConditions": list(fields.conditions),
            "controllerPause": fields.controller_pause,
            "abort": fields.abort,
            "abortedAt": fields.aborted_at,
        }
    )
    turn.set_status(
        pause_conditions=status.pause_conditions,
        controller_pause=status.controller_pause,
        abort=status.abort,
        aborted_at=status.aborted_at,
    )
    after = turn.rollout.model_copy(update={"status": turn.status})
    turn.look_again(pause_ends(after))


def _deadline_abort(turn: Turn) -> None:
    """An update that is late is aborted where the spec says so."""
    if turn.aborted or not turn.rollout.spec.progress_deadline_abort:
        return
    if turn.new_hash != turn.rollout.status.stable_rs and _is_late(turn):
        turn.abort_message = _late_text(turn)


def _is_late(turn: Turn) -> bool:
    progressed = names.is_progressing(turn.rollout, turn.status)
    return (
        not progressed
        and _counts_time(turn)
        and names.timed_out(turn.rollout.spec.progress_deadline, turn.status, turn.now)
    )


def _counts_time(turn: Turn) -> bool:
    """Whether the deadline runs:

    not at steps that take the time they take, nor while an old version waits (isIndefiniteStep).
    """
    step = current_step(turn.rollout)[1]
    waits = step is not None and (step.pause is not None or step.analysis is not None or step.experiment is not None)
    paused = turn.rollout.status.condition(names.PAUSED)
    kept = any(one.deadline is not None and one.replicas for one in turn.sets)
    return not (waits or kept or (paused is not None and paused.status == "True"))


def _look_when_late(turn: Turn) -> None:
    """Nothing else may come before an update is late (requeueStuckRollout).

    Rounded up to a hundredth of the deadline, so that not every step of progress sets a timer.
    """
    rollout, status = turn.rollout, turn.status
    done = names.is_healthy(rollout.model_copy(update={"status": status}), status) and names.is_completed(status)
    end = names.times_out_at(rollout.spec.progress_deadline, status)
    if end is None or end <= turn.now or done or not _counts_time(turn):
        return  # also for one that is scaled long after its last update: nothing has progressed since, and nothing is late
    unit = max(1, rollout.spec.progress_deadline // 100)
    turn.look_again(datetime.fromtimestamp(-(-(end.timestamp() + 1) // unit) * unit, end.tzinfo))


def _late_text(turn: Turn) -> str:
    name = turn.new.name if turn.new is not None else turn.rollout.metadata.name
    return f'ReplicaSet "{name}" has timed out progressing.'


def _conditions(turn: Turn) -> None:
    _paused_conditions(turn)
    paused = bool(turn.status.pause_conditions) or turn.rollout.spec.paused
    unhealthy = _health(turn, paused=paused)
    _completion(turn)
    if turn.status.abort:
        _put(turn, names.PROGRESSING, "False", names.ABORTED, _abort_text(turn), warning=True)
    else:
        _progress(turn, unhealthy=unhealthy)
        _look_when_late(turn)
    _availability(turn)
    failure = _replica_failure(turn)
    turn.status = without_condition(turn.status, names.REPLICA_FAILURE)
    if failure is not None:
        turn.status = with_condition(turn.status, failure)


def _put(turn: Turn, kind: str, status: str, reason: str, message: str, *, warning: bool = False) -> bool:
    """Set a condition; whether it is news. `warning`: then it is told, too."""
    before = turn.status.condition(kind)
    if before is not None and (before.status, before.reason, before.message) == (status, reason, message):
        return False
    turn.status = with_condition(turn.status, condition(kind, status, reason, message, turn.now))
    changed = before is None or (before.status, before.reason) != (status, reason)
    if warning and changed:
        turn.tell(reason, message, warning=True)
    return changed


def _paused_conditions(turn: Turn) -> None:
    """Paused and resumed, as checkPausedConditions has it."""
    progress = turn.status.condition(names.PROGRESSING)
    reason = progress.reason if progress is not None else ""
    paused = bool(turn.status.pause_conditions) or turn.rollout.spec.paused
    if turn.status.abort:
        if turn.status.condition(names.PAUSED) is not None:
            _put(turn, names.PAUSED, "False", "RolloutPaused", "Rollout is paused")
        return
    if reason == names.ABORTED:
        _put(turn, names.PROGRESSING, "Unknown", "RolloutRetry", "Retrying Rollout after abort")
    elif paused and reason != "RolloutPaused":
        _put(turn, names.PROGRESSING, "Unknown", "RolloutPaused", "Rollout is paused")
        why = turn.status.pause_conditions[0].reason if turn.status.pause_conditions else "spec.paused"
        turn.tell("RolloutPaused", f"Rollout is paused ({why})")
    elif not paused and reason == "RolloutPaused":
        _put(turn, names.PROGRESSING, "Unknown", "RolloutResumed", "Rollout is resumed")
        turn.tell("RolloutResumed", "Rollout is resumed")
    known = turn.status.condition(names.PAUSED)
    if paused != (known is not None and known.status == "True"):
        _put(turn, names.PAUSED, "True" if paused else "False", "RolloutPaused", "Rollout is paused")


def _health(turn: Turn, *, paused: bool) -> bool:
    """Whether it has just stopped being healthy."""
    observed = turn.rollout.model_copy(update={"status": turn.status})
    if not paused and names.is_healthy(observed, turn.status):
        _put(turn, names.HEALTHY, "True", "RolloutHealthy", "Rollout is healthy")
        return False
    known = turn.status.condition(names.HEALTHY)
    if known is None:
        return False
    _put(turn, names.HEALTHY, "False", "RolloutHealthy", "Rollout is not healthy")
    return known.status == "True"


def _completion(turn: Turn) -> None:
    if names.is_completed(turn.status):
        _put(turn, names.COMPLETED, "True", "RolloutCompleted", "RolloutCompleted")
        return
    message = f"Rollout not completed, started update to revision {turn.revision} ({turn.status.current_pod_hash})"
    known = turn.status.condition(names.COMPLETED)
    if known is None or known.status != "False":
        turn.tell("RolloutNotCompleted", message)
    _put(turn, names.COMPLETED, "False", "RolloutCompleted", "RolloutCompleted")


def _abort_text(turn: Turn) -> str:
    known = turn.rollout.status.condition(names.PROGRESSING)
    if turn.abort_message is None and known is not None and known.reason == names.ABORTED:
        return known.message
    text = f"Rollout aborted update to revision {turn.revision}"
    return f"{text}: {turn.abort_message}" if turn.abort_message else text


def _progress(turn: Turn, *, unhealthy: bool) -> None:
    status, known = turn.status, turn.status.condition(names.PROGRESSING)
    settled = status.replicas == status.available_replicas and names.is_completed(status)
    if settled and known is not None and known.reason == "NewReplicaSetAvailable" and known.status != "False":
        return
    name = turn.new.name if turn.new is not None else ""
    observed = turn.rollout.model_copy(update={"status": status})
    if names.is_healthy(observed, status) and names.is_completed(status):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        _put(turn, names.PROGRESSING, "True", "NewReplicaSetAvailable", text)
    elif names.is_progressing(turn.rollout, status) or unhealthy or known is None:
        reason = "ReplicaSetNotAvailable" if unhealthy else "ReplicaSetUpdated"
        text = f'ReplicaSet "{name}" is not available' if unhealthy else f'ReplicaSet "{name}" is progressing.'
        fresh = condition(names.PROGRESSING, "True", reason, text, turn.now)
        if known is not None and known.status == "True":
            fresh = fresh.model_copy(update={"last_transition_time": known.last_transition_time})
        turn.status = with_condition(without_condition(status, names.PROGRESSING), fresh)
    elif _is_late(turn):
        _put(turn, names.PROGRESSING, "False", names.DEADLINE_EXCEEDED, _late_text(turn), warning=True)


def _availability(turn: Turn) -> None:
    rollout, status = turn.rollout, turn.status
    if rollout.blue_green is not None:
        active = by_hash(turn.sets, status.blue_green.active_selector)
        enough = active is not None and active.desired == active.available == rollout.spec.desired
    else:
        enough = status.available_replicas >= rollout.spec.desired - max_unavailable(rollout)
    if enough:
        _put(turn, names.AVAILABLE, "True", "AvailableReason", "Rollout has minimum availability")
    else:
        _put(turn, names.AVAILABLE, "False", "AvailableReason", "Rollout does not have minimum availability")


def _replica_failure(turn: Turn) -> Condition | None:
    """The first failure that a ReplicaSet reports, the new one's before others'."""
    sets = [*([turn.new] if turn.new is not None else []), *turn.older]
    for one in sets:
        for found in (one.body.get("status") or {}).get("conditions") or ():
            if found.get("type") == "ReplicaFailure":
                reason, message = found.get("reason", ""), found.get("message", "")
                return condition(names.REPLICA_FAILURE, found.get("status", "True"), reason, message, turn.now)
    return None


def status_patch(before: Mapping[str, Any], after: RolloutStatus) -> dict[str, Any]:
    """The merge patch from a status as it stands to `after`; what we know nothing of stays."""
    return _difference(before, _json(after), RolloutStatus)


def _json(status: RolloutStatus) -> dict[str, Any]:
    made = status.model_dump(by_alias=True, exclude_none=True)
    index = made.get("currentStepIndex")
    kept = {name: value for name, value in made.items() if value or name in ("canary", "blueGreen")}
    for name in ("canary", "blueGreen"):
        kept[name] = {key: _trimmed(value) for key, value in kept[name].items() if value}
    return kept if index is None else kept | {"currentStepIndex": index}


def _trimmed(value: Any) -> Any:
    """Without what says nothing: nulls, empty texts, lists and objects; numbers and booleans stay."""
    if isinstance(value, Mapping):
        return {name: _trimmed(one) for name, one in value.items() if one not in (None, "", (), [], {})}
    return [_trimmed(one) for one in value] if isinstance(value, list | tuple) else value


def _difference(before: Mapping[str, Any], after: Mapping[str, Any], model: Any) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for field, info in model.model_fields.items():
        name = info.alias or field
        old, new = before.get(name), after.get(name)
        if name in ("canary", "blueGreen"):
            inner = _difference(old or {}, new or {}, info.annotation)
            if inner or old is None:
                patch[name] = inner
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            inner = create_merge_patch(_trimmed(old), new)
            if inner:
                patch[name] = inner
        elif old != new and not (new is None and not old):
            patch[name] = new
    return patch
