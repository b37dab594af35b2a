"""Ephemeral metadata of a Rollout's ReplicaSets and pods.

Follows `rollout/ephemeralmetadata.go` of Argo Rollouts: the stable version's pods carry the one, the new version's the
other, and once the new one is stable it carries the first; older versions lose theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.resources.rollout import PodMetadata
from argosy.rollouts.metadata import EPHEMERAL, Injected, recorded, synced, synced_set
from argosy.rollouts.replicasets import HASH, ReplicaSet
from argosy.rollouts.turn import REPLICA_SET, Turn
from argosy.rollouts.writes import Ref

__all__ = ["has_ephemeral", "sync_metadata"]


def _wanted(turn: Turn) -> tuple[PodMetadata | None, PodMetadata | None]:
    """What stable pods carry, and what new ones do."""
    canary, blue_green = turn.rollout.canary, turn.rollout.blue_green
    if canary is not None:
        return canary.stable_metadata, canary.canary_metadata
    return (blue_green.active_metadata, blue_green.preview_metadata) if blue_green is not None else (None, None)


def has_ephemeral(turn: Turn) -> bool:
    """Whether there is anything to inject, or to take away."""
    return any(_wanted(turn)) or any(EPHEMERAL in one.annotations for one in turn.sets)


def sync_metadata(turn: Turn) -> None:
    """Bring templates and pods to what they are to carry."""
    if not has_ephemeral(turn):
        return
    settled, fresh = _wanted(turn)
    new, stable = turn.new, turn.stable
    promoted = new is not None and (stable is None or stable.name == new.name)
    if new is not None:
        _sync(turn, new, settled if promoted else fresh)
    if stable is not None and not promoted:
        _sync(turn, stable, settled)
    for one in turn.older:
        _sync(turn, one, None)


def _sync(turn: Turn, one: ReplicaSet, wanted: PodMetadata | None) -> None:
    if one.created is None:
        return  # it is made in this turn, with what it is to carry
    before = recorded(one.annotations.get(EPHEMERAL))
    change = synced_set(one, wanted)
    if not change.injected.modified and not (wanted is None and EPHEMERAL in one.annotations):
        return
    for pod in turn.seen.pods:
        metadata = pod.get("metadata") or {}
        if (metadata.get("labels") or {}).get(HASH) == one.hash and not metadata.get("deletionTimestamp"):
            found = synced(metadata, before, wanted)
            if found.modified:
                turn.change(Ref("", "Pod", metadata["name"]), {"metadata": _patch(metadata, found)})
    template = one.template.get("metadata") or {}
    body = {"spec": {"template": {"metadata": _patch(template, change.injected)}}}
    annotations = {"metadata": {"annotations": {EPHEMERAL: change.record if wanted is not None else None}}}
    turn.change(REPLICA_SET(one.name), body | annotations)


def _patch(metadata: Mapping[str, Any], wanted: Injected) -> dict[str, Any]:
    """The merge patch from metadata to what it is to be."""
    patch: dict[str, Any] = {}
    for name, texts in (("labels", wanted.labels), ("annotations", wanted.annotations)):
        before = metadata.get(name) or {}
        gone = dict.fromkeys(before.keys() - texts.keys())
        changed = {key: text for key, text in texts.items() if before.get(key) != text}
        if gone or changed:
            patch[name] = {**gone, **changed}
    return patch
