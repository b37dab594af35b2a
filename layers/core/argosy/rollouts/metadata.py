"""Ephemeral metadata: labels and annotations that pods carry while they are canary, preview, stable or active.

Follows `utils/replicaset/canary.go` (SyncReplicaSetEphemeralPodMetadata) and `rollout/ephemeralmetadata.go` of Argo
Rollouts. What was injected is recorded in an annotation of the ReplicaSet, so that it can be taken away again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from argosy.resources.rollout import PodMetadata
from argosy.rollouts.replicasets import ReplicaSet

__all__ = ["EPHEMERAL", "Injected", "SetChange", "recorded", "synced", "synced_set"]

EPHEMERAL: Final = "rollout.argoproj.io/ephemeral-metadata"

type Texts = Mapping[str, str]


class Injected(NamedTuple):
    """Labels and annotations as they are to be, and whether that is a change."""

    modified: bool
    labels: Texts
    annotations: Texts


def recorded(text: str | None) -> PodMetadata | None:
    """What an annotation says was injected, None for nothing that can be read."""
    try:
        body = orjson.loads(text or "")
        return PodMetadata.model_validate(body) if isinstance(body, dict) else None
    except ValueError:
        return None


def record(wanted: PodMetadata | None) -> str | None:
    """The annotation that records it."""
    if wanted is None:
        return None
    body = {
        name: dict(value) for name, value in (("labels", wanted.labels), ("annotations", wanted.annotations)) if value
    }
    return orjson.dumps(body).decode()


def synced(metadata: Mapping[str, Any], before: PodMetadata | None, wanted: PodMetadata | None) -> Injected:
    """The metadata of a pod template, or of a pod, with `wanted` in place of what was injected `before`."""
    before, wanted = before or PodMetadata(), wanted or PodMetadata()
    old_labels, old_annotations = metadata.get("labels") or {}, metadata.get("annotations") or {}
    labels = _texts(old_labels, before.labels, wanted.labels)
    annotations = _texts(old_annotations, before.annotations, wanted.annotations)
    return Injected((labels, annotations) != (dict(old_labels), dict(old_annotations)), labels, annotations)


class SetChange(NamedTuple):
    """A ReplicaSet's pod template as it is to be, and the annotation that records it, None = none."""

    injected: Injected
    record: str | None


def synced_set(one: ReplicaSet, wanted: PodMetadata | None) -> SetChange:
    """The metadata of a ReplicaSet's pods."""
    text = one.annotations.get(EPHEMERAL)
    injected = synced(one.template.get("metadata") or {}, recorded(text), wanted)
    return SetChange(injected, record(wanted) if injected.modified else text)


def _texts(now: Texts, before: Texts, wanted: Texts) -> dict[str, str]:
    return {name: value for name, value in now.items() if name not in before or name in wanted} | dict(wanted)
