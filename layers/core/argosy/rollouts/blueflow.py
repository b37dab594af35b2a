"""One turn of a blue-green rollout, in Argo's order:

`rolloutBlueGreen` and `syncRolloutStatusBlueGreen` of `rollout/bluegreen.go`.
"""

from __future__ import annotations

from argosy.rollouts import analyses, targets
from argosy.rollouts.bluegreen import Facts, active_after, is_fast_tracked, promote_reason
from argosy.rollouts.bounds import max_unavailable
from argosy.rollouts.ephemeral import sync_metadata
from argosy.rollouts.pauses import BLUE_GREEN, blue_green_pause_over, needs_pause, pause_ends
from argosy.rollouts.replicasets import HASH, WAS_STABLE, ReplicaSet, by_hash
from argosy.rollouts.restarting import restart_pods
from argosy.rollouts.revisions import sync_revision, template_changed
from argosy.rollouts.scaling import is_scaling_event, prune_history, scale_all
from argosy.rollouts.services import selected_hash, switch_patch
from argosy.rollouts.statuses import base_status, blue_green_base, persisted, promote, reset
from argosy.rollouts.turn import SERVICE, Turn

__all__ = ["run"]


def run(turn: Turn) -> None:
    """Decide a turn."""
    if is_scaling_event(turn):
        scale_all(turn)
        _finish(turn)
        return
    changed = template_changed(turn)
    sync_revision(turn)
    _point_preview(turn)
    if not changed:
        _go_on(turn)
    _finish(turn)


def _go_on(turn: Turn) -> None:
    if restart_pods(turn):
        return
    scale_all(turn)
    prune_history(turn)
    _pause(turn)
    _point_active(turn)
    analyses.sync(turn)
    sync_metadata(turn)


def _names(turn: Turn) -> tuple[str, str]:
    blue_green = turn.rollout.blue_green
    return (blue_green.active_service, blue_green.preview_service) if blue_green is not None else ("", "")


def _point(turn: Turn, name: str, pod_hash: str) -> None:
    service = turn.service(name)
    if service is None or not pod_hash:
        return
    before = selected_hash(service)
    patch = switch_patch(service, pod_hash, turn.rollout.metadata.name)
    if patch is not None:
        turn.change(SERVICE(name), patch)
        turn.takes_away = True
        if before != pod_hash:
            turn.tell("SwitchService", f"Switched selector for service '{name}' from '{before}' to '{pod_hash}'")


def _point_preview(turn: Turn) -> None:
    if turn.new is not None and not turn.halted:
        _point(turn, _names(turn)[1], turn.new.hash)


def _ready(turn: Turn, new: ReplicaSet) -> bool:
    """Whether the preview is there, in the number that it has before the switch (ReadyForPause)."""
    blue_green, status = turn.rollout.blue_green, turn.rollout.status
    if blue_green is None or blue_green.preview_replica_count is None:
        return _saturated(turn, new)
    if status.blue_green.scale_up_preview_check_point or status.promote_full:
        return _saturated(turn, new)
    return new.desired == turn.rollout.spec.desired and new.available >= new.replicas > 0


def _saturated(turn: Turn, new: ReplicaSet) -> bool:
    """Whether all of the rollout's replicas are available in it (annotations.IsSaturated)."""
    return new.desired == new.replicas == new.available == turn.rollout.spec.desired


def _fast_rollback(turn: Turn) -> bool:
    stable = turn.stable
    back = stable is not None and stable.hash == turn.new_hash
    return back or turn.within_window or turn.goes_back_fast


def _fast_tracked(turn: Turn, new: ReplicaSet) -> bool:
    service = turn.service(_names(turn)[0])
    selector = ((service or {}).get("spec") or {}).get("selector") or {}
    return is_fast_tracked(turn.rollout, selector.get(HASH), new, fast_rollback=_fast_rollback(turn))


def _pause(turn: Turn) -> None:
    """Pause before the switch, or end the pause (reconcileBlueGreenPause)."""
    new, status = turn.new, turn.rollout.status
    if status.abort or turn.rollout.spec.paused or new is None or not needs_pause(turn.rollout):
        return
    if _fast_tracked(turn, new) or not _ready(turn, new):
        return
    if status.paused_for(BLUE_GREEN) is not None:
        if blue_green_pause_over(turn.rollout, turn.now):
            turn.resumed.add(BLUE_GREEN)
        else:
            turn.look_again(pause_ends(turn.rollout))
    elif not status.controller_pause and not status.blue_green.scale_up_preview_check_point:
        turn.pauses.append(BLUE_GREEN)


def _pause_over(turn: Turn) -> bool:
    status = turn.rollout.status
    if BLUE_GREEN in turn.resumed or (status.controller_pause and status.paused_for(BLUE_GREEN) is None):
        return True  # somebody has resumed it, also where it would have gone on by itself later
    return BLUE_GREEN not in turn.pauses and blue_green_pause_over(turn.rollout, turn.now)


def _point_active(turn: Turn) -> None:
    """Switch the active Service (reconcileActiveService)."""
    new, service = turn.new, turn.service(_names(turn)[0])
    if new is None or service is None or turn.halted:
        return
    selected = selected_hash(service)
    wanted = active_after(
        turn.rollout,
        selected,
        new.hash,
        ready=_ready(turn, new),
        saturated=_saturated(turn, new),
        pause_over=_pause_over(turn),
        analysed=analyses.pre_promotion_done(turn),
        fast_tracked=_fast_tracked(turn, new),
    )
    target = by_hash(turn.sets, wanted)
    least = turn.rollout.spec.desired - max_unavailable(turn.rollout)
    if wanted == selected or (target is not None and target.available >= least):
        _point(turn, _names(turn)[0], wanted)  # also back to stable only once its pods are there


def _finish(turn: Turn) -> None:
    active, preview = (selected_hash(turn.service(name)) for name in _names(turn))
    turn.set_blue_green(active_selector=active, preview_selector=preview)
    base_status(turn)
    changed, window = template_changed(turn), turn.within_window
    if changed:
        reset(turn)
    elif turn.rollout.status.promote_full or window:
        turn.clear, turn.retried, turn.abort_message = True, True, None
    reason = "" if changed else _promote_reason(turn, window=window)
    if reason:
        promote(turn, reason)
        if turn.new is not None:
            turn.annotate(turn.new, {WAS_STABLE: "true"})
    elif not changed:
        turn.set_blue_green(scale_up_preview_check_point=_check_point(turn))
    blue_green_base(turn)
    persisted(turn)


def _promote_reason(turn: Turn, *, window: bool) -> str:
    new = turn.new
    facts = Facts(
        turn.stable is not None,
        new.available if new is not None else 0,
        fast_rollback=_fast_rollback(turn),
        within_window=window,
        aborted=turn.aborted,
        targets_verified=targets.verified(turn),
        post_analysis=analyses.post_promotion_phase(turn),
    )
    return promote_reason(turn.rollout, turn.status, facts)


def _check_point(turn: Turn) -> bool:
    """Whether the preview may grow to its whole size: it was looked at, and nobody objects (scaleUpPreviewCheckPoint)."""
    blue_green, new, status = turn.rollout.blue_green, turn.new, turn.rollout.status
    if blue_green is None or blue_green.preview_replica_count is None or new is None or turn.aborted:
        return False
    if new.hash == turn.status.blue_green.active_selector:
        return False
    if status.blue_green.scale_up_preview_check_point:
        return True
    return _ready(turn, new) and _pause_over(turn) and analyses.pre_promotion_done(turn)
