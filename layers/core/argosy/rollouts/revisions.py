"""The ReplicaSet of the version that the spec asks for: found, numbered, or made.

Follows `rollout/sync.go` (getAllReplicaSetsAndSyncRevision, createDesiredReplicaSet) and `utils/replicaset/replicaset.go`
(FindNewReplicaSet) of Argo Rollouts. A ReplicaSet of the same pods is found before a name is ever computed, so a rollout
whose hashes are another controller's is taken over as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson

from argosy.resources.podtemplates import completed
from argosy.resources.rollout import AntiAffinity, PodMetadata
from argosy.rollouts.hashing import step_hash, template_hash
from argosy.rollouts.metadata import EPHEMERAL, record, recorded, synced
from argosy.rollouts.replicasets import (
    DESIRED,
    HASH,
    REVISION,
    REVISION_HISTORY,
    ReplicaSet,
    oldest_first,
    revision_of,
)
from argosy.rollouts.turn import REPLICA_SET, Turn
from argosy.rollouts.writes import Ref, owned_by

__all__ = ["UPDATED", "find_new", "steps_changed", "sync_revision", "template_changed"]

_NOT_COPIED: Final = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        "rollout.argoproj.io/workload-generation",
        "notified.notifications.argoproj.io",
    }
)
_MOST_COLLISIONS: Final = 10
UPDATED: Final = "RolloutUpdated"
"""The event of a new revision's number on the rollout."""


def find_new(turn: Turn) -> ReplicaSet | None:
    """The ReplicaSet of the spec's pods; of several the oldest, so that there is one answer for ever."""
    wanted = _comparable(turn.rollout.spec.template or {}, None)
    for one in oldest_first(turn.sets):
        if _comparable(one.template, recorded(one.annotations.get(EPHEMERAL))) == wanted:
            return one
    return None


def _comparable(template: Mapping[str, Any], injected: PodMetadata | None) -> dict[str, Any]:
    """A template as far as it tells versions apart: without our label, what we injected, and our anti-affinity."""
    metadata = dict(template.get("metadata") or {})
    if injected is not None:
        cleaned = synced(metadata, injected, None)
        metadata |= {"labels": dict(cleaned.labels), "annotations": dict(cleaned.annotations)}
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name != HASH}
    spec = dict(template.get("spec") or {})
    if spec.get("affinity"):
        spec["affinity"] = _without_ours(spec["affinity"])
    return _completed(orjson.dumps({"metadata": {**metadata, "labels": labels}, "spec": spec}))


@lru_cache(maxsize=512)
def _completed(template: bytes) -> dict[str, Any]:
    """Kept: each turn compares the templates of all ReplicaSets, and those never change."""
    return completed(orjson.loads(template))


def _without_ours(affinity: Mapping[str, Any]) -> dict[str, Any]:
    anti = dict(affinity.get("podAntiAffinity") or {})
    for name, inner in (
        ("requiredDuringSchedulingIgnoredDuringExecution", ""),
        ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm"),
    ):
        if anti.get(name):
            anti[name] = [one for one in anti[name] if not _is_ours(one.get(inner) or {} if inner else one)]
    return {**affinity, "podAntiAffinity": anti}


def _is_ours(term: Mapping[str, Any]) -> bool:
    expressions = (term.get("labelSelector") or {}).get("matchExpressions") or ()
    return any(one.get("key") == HASH for one in expressions)


def template_changed(turn: Turn) -> bool:
    """Whether the pods asked for are others than the status knows (CheckPodSpecChange)."""
    known = turn.rollout.status.current_pod_hash
    return bool(known) and known != turn.new_hash


def steps_changed(turn: Turn) -> bool:
    """Whether the steps are others than the status knows (checkStepHashChange)."""
    known = turn.rollout.status.current_step_hash
    return turn.rollout.canary is not None and bool(known) and known != current_step_hash(turn)


def current_step_hash(turn: Turn) -> str:
    """The hash of the steps as they are written, "" for a blue-green rollout."""
    canary = ((turn.seen.body.get("spec") or {}).get("strategy") or {}).get("canary")
    return "" if canary is None else step_hash(canary.get("steps"))


def sync_revision(turn: Turn) -> None:
    """Number the new version's ReplicaSet, or make it, with nothing running yet."""
    turn.new = turn.new or find_new(turn)
    old = [one for one in turn.sets if turn.new is None or one.name != turn.new.name]
    revision = revision_of(one.annotations.get(REVISION) for one in old) + 1
    if turn.new is None:
        _create(turn, revision)
    else:
        _number(turn, turn.new, revision)
    if turn.rollout.metadata.annotations.get(REVISION) != str(turn.revision):
        turn.change(_self(turn), {"metadata": {"annotations": {REVISION: str(turn.revision)}}})
        turn.tell(UPDATED, f"Rollout updated to revision {turn.revision}")


def _self(turn: Turn) -> Ref:
    return Ref("argoproj.io", "Rollout", turn.rollout.metadata.name)


def _number(turn: Turn, new: ReplicaSet, revision: int) -> None:
    before = new.annotations.get(REVISION, "")
    wanted: dict[str, str | None] = dict(_copied(turn))
    if revision_of([before]) < revision:
        wanted[REVISION] = str(revision)
        if before:
            history = new.annotations.get(REVISION_HISTORY, "")
            wanted[REVISION_HISTORY] = f"{history},{before}" if history else before
    if DESIRED not in new.annotations:
        wanted[DESIRED] = str(turn.rollout.spec.desired)
    turn.new = turn.annotate(new, wanted)
    spec = new.body.get("spec") or {}
    if (spec.get("minReadySeconds") or 0) != turn.rollout.spec.min_ready_seconds:
        turn.change(REPLICA_SET(new.name), {"spec": {"minReadySeconds": turn.rollout.spec.min_ready_seconds}})


def _copied(turn: Turn) -> dict[str, str]:
    """Annotations of the rollout that its ReplicaSets carry, too."""
    return {name: text for name, text in turn.rollout.metadata.annotations.items() if name not in _NOT_COPIED}


def _create(turn: Turn, revision: int) -> None:
    rollout = turn.rollout
    template, collisions = dict(rollout.spec.template or {}), rollout.status.collision_count
    taken = turn.seen.taken | {one.name for one in turn.sets}
    for _ in range(_MOST_COLLISIONS):
        pod_hash = template_hash(template, collisions)
        name = f"{rollout.metadata.name}-{pod_hash}"
        if name not in taken:
            break
        # Another template has the same hash, or somebody else the name; as in a Deployment, the next one is tried.
        collisions = (collisions or 0) + 1
    turn.set_status(collision_count=collisions)
    manifest = _manifest(turn, name, pod_hash, revision)
    turn.create(REPLICA_SET(name), manifest)
    turn.tell("NewReplicaSetCreated", f"Created ReplicaSet {name} (revision {revision})")
    made = ReplicaSet.of(manifest)
    turn.adopt_sets([*turn.sets, made])
    turn.new = made


def _manifest(turn: Turn, name: str, pod_hash: str, revision: int) -> dict[str, Any]:
    rollout = turn.rollout
    metadata, spec = rollout.metadata, rollout.spec
    template = dict(spec.template or {})
    pods = {key: value for key, value in (template.get("metadata") or {}).items() if key != "creationTimestamp"}
    labels = {**(pods.get("labels") or {}), HASH: pod_hash}
    annotations = {**_copied(turn), REVISION: str(revision), DESIRED: str(spec.desired)}
    injected = _initial_metadata(turn)
    if injected is not None:
        made = synced({**pods, "labels": labels}, None, injected)
        pods = {**pods, "labels": dict(made.labels), "annotations": dict(made.annotations)}
        annotations[EPHEMERAL] = record(injected) or ""
    selector = dict(spec.selector or {})
    owner = owned_by("Rollout", metadata.name, metadata.uid)
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": metadata.namespace,
            "labels": labels,
            "annotations": annotations,
            "ownerReferences": [owner],
        },
        "spec": {
            "replicas": 0,
            "minReadySeconds": spec.min_ready_seconds,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: pod_hash}},
            "template": {**template, "metadata": {**pods, "labels": {**(pods.get("labels") or {}), HASH: pod_hash}}}
            | {"spec": _spread(turn, template.get("spec") or {})},
        },
    }


def _initial_metadata(turn: Turn) -> PodMetadata | None:
    canary, blue_green = turn.rollout.canary, turn.rollout.blue_green
    first = not turn.rollout.status.stable_rs
    if canary is not None:
        return canary.stable_metadata if first else canary.canary_metadata
    if blue_green is not None:
        return blue_green.active_metadata if first else blue_green.preview_metadata
    return None


def _spread(turn: Turn, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The pod spec with the rollout's anti-affinity against the stable version (GenerateReplicaSetAffinity)."""
    strategy = turn.rollout.canary or turn.rollout.blue_green
    affinity: AntiAffinity | None = strategy.anti_affinity if strategy is not None else None
    stable = turn.rollout.status.stable_rs
    if affinity is None or not stable:
        return dict(spec)
    term: dict[str, Any] = {
        "labelSelector": {"matchExpressions": [{"key": HASH, "operator": "In", "values": [stable]}]},
        "topologyKey": "kubernetes.io/hostname",
    }
    whole = dict(spec.get("affinity") or {})
    anti = dict(whole.get("podAntiAffinity") or {})
    if affinity.required is not None:
        name, one = "requiredDuringSchedulingIgnoredDuringExecution", term
    else:
        name = "preferredDuringSchedulingIgnoredDuringExecution"
        one = {"weight": (affinity.preferred or {}).get("weight"), "podAffinityTerm": term}
    anti[name] = [*(anti.get(name) or ()), one]
    return {**spec, "affinity": {**whole, "podAntiAffinity": anti}}
