"""Restarting the pods of a Rollout, as far as a turn may."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.lang.instants import parse
from argosy.rollouts.replicasets import size
from argosy.rollouts.restart import Pod, needs_restart, restart
from argosy.rollouts.turn import Turn

__all__ = ["is_available", "restart_pods"]

_AGAIN: Final = timedelta(seconds=30)


def restart_pods(turn: Turn) -> bool:
    """Evict pods that are older than `restartAt`; whether any had to be, which ends the turn (podRestarter.Reconcile)."""
    wanted = parse(turn.rollout.spec.restart_at)
    if wanted is not None and wanted > turn.now:
        turn.look_again(wanted)
    if not needs_restart(turn.rollout, turn.now):
        return False
    pods = [_pod(one, turn) for one in turn.seen.pods]
    found = restart(turn.rollout, pods, size(turn.sets))
    for name in found.pods:
        turn.evict(name)
    if found.done:
        turn.set_status(restarted_at=turn.rollout.spec.restart_at)
    else:
        turn.look_again(turn.now + _AGAIN)
    return bool(found.pods)


def _pod(body: Mapping[str, Any], turn: Turn) -> Pod:
    metadata = body.get("metadata") or {}
    ready = is_available(body, turn.rollout.spec.min_ready_seconds, turn.now)
    created = parse(metadata.get("creationTimestamp"))
    return Pod(metadata.get("name", ""), created, ready, bool(metadata.get("deletionTimestamp")))


def is_available(pod: Mapping[str, Any], min_ready: int, now: datetime) -> bool:
    """Whether a pod has been ready for `min_ready` seconds."""
    for one in (pod.get("status") or {}).get("conditions") or ():
        if one.get("type") == "Ready" and one.get("status") == "True":
            since = parse(one.get("lastTransitionTime"))
            return not min_ready or (since is not None and since + timedelta(seconds=min_ready) <= now)
    return False
