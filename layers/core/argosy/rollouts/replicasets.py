"""ReplicaSets of a Rollout: what decisions look at, and which of them is which.

Follows `utils/replicaset/replicaset.go` of Argo Rollouts. In: ReplicaSets as the API server has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from argosy.lang.instants import parse
from argosy.resources.rollout import Rollout

__all__ = [
    "DEADLINE",
    "DESIRED",
    "HASH",
    "REVISION",
    "REVISION_HISTORY",
    "WAS_STABLE",
    "ReplicaSet",
    "available",
    "by_hash",
    "newest_first",
    "oldest_first",
    "ready",
    "revision_of",
    "size",
    "status_size",
]

HASH: Final = "rollouts-pod-template-hash"
REVISION: Final = "rollout.argoproj.io/revision"
REVISION_HISTORY: Final = "rollout.argoproj.io/revision-history"
DESIRED: Final = "rollout.argoproj.io/desired-replicas"
DEADLINE: Final = "scale-down-deadline"
WAS_STABLE: Final = "argosy.dev/was-stable"
"""Ours: on ReplicaSets of blue-green rollouts that have been the stable one."""
EXPERIMENT: Final = "experiment.argoproj.io/name"
_UNSEEN: Final[Mapping[str, Sequence[str]]] = {
    "metadata": ("resourceVersion", "managedFields", "generation"),
    "spec": (),
    "status": ("observedGeneration", "fullyLabeledReplicas", "terminatingReplicas"),
}
"""What no decision on a Rollout looks at."""


@dataclass(frozen=True, slots=True)
class ReplicaSet:
    """A ReplicaSet. `replicas` is what its spec asks for; `current`, `ready` and `available` what its status says."""

    name: str
    hash: str = ""
    replicas: int = 1
    current: int = 0
    ready: int = 0
    available: int = 0
    annotations: Mapping[str, str] = field(default_factory=dict)
    created: datetime | None = None
    deleting: bool = False
    generation: int = 0
    observed: int = 0
    uid: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The view of an object."""
        metadata, spec, status = body.get("metadata") or {}, body.get("spec") or {}, body.get("status") or {}
        return cls(
            metadata.get("name", ""),
            (metadata.get("labels") or {}).get(HASH, ""),
            1 if spec.get("replicas") is None else spec["replicas"],
            status.get("replicas") or 0,
            status.get("readyReplicas") or 0,
            status.get("availableReplicas") or 0,
            metadata.get("annotations") or {},
            parse(metadata.get("creationTimestamp")),
            bool(metadata.get("deletionTimestamp")),
            metadata.get("generation") or 0,
            status.get("observedGeneration") or 0,
            metadata.get("uid", ""),
            body,
        )

    @property
    def template(self) -> Mapping[str, Any]:
        """Its pod template."""
        found: Mapping[str, Any] = (self.body.get("spec") or {}).get("template") or {}
        return found

    @property
    def deadline(self) -> datetime | None:
        """When it is to be scaled down."""
        return parse(self.annotations.get(DEADLINE))

    @property
    def desired(self) -> int | None:
        """How many replicas its rollout had asked for when it was last scaled; None when that is not known."""
        text = self.annotations.get(DESIRED, "")
        return int(text) if text.isdigit() else None

    def looks_like(self, other: ReplicaSet) -> bool:
        """Whether nothing tells the two apart that a decision looks at.

        How far the ReplicaSet controller has come counts for a set without pods alone: it may be removed after that.
        """
        if not self.replicas and self.observed != other.observed:
            return False
        return self._decisive == other._decisive

    @property
    def _decisive(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(
            {name: value for name, value in (self.body.get(part) or {}).items() if name not in unseen}
            for part, unseen in _UNSEEN.items()
        )


def by_hash(sets: Iterable[ReplicaSet], pod_hash: str) -> ReplicaSet | None:
    """The ReplicaSet of a hash."""
    return next((one for one in sets if one.hash == pod_hash), None) if pod_hash else None


def size(sets: Iterable[ReplicaSet | None]) -> int:
    """How many replicas they ask for."""
    return sum(one.replicas for one in sets if one is not None)


def status_size(sets: Iterable[ReplicaSet | None]) -> int:
    """How many replicas they have."""
    return sum(one.current for one in sets if one is not None)


def ready(sets: Iterable[ReplicaSet | None]) -> int:
    """How many of their replicas are ready."""
    return sum(one.ready for one in sets if one is not None)


def available(sets: Iterable[ReplicaSet | None]) -> int:
    """How many of their replicas are available."""
    return sum(one.available for one in sets if one is not None)


def revision_of(revisions: Iterable[str | None]) -> int:
    """The highest revision among the annotations that are one, 0 where none is (MaxRevision)."""
    found = 0
    for text in revisions:
        try:
            found = max(found, int(text or ""))
        except ValueError:
            continue
    return found


def oldest_first(sets: Iterable[ReplicaSet]) -> Sequence[ReplicaSet]:
    """By creation, then by name (ReplicaSetsByCreationTimestamp)."""
    return sorted(sets, key=lambda one: (one.created.timestamp() if one.created else 0.0, one.name))


def newest_first(sets: Iterable[ReplicaSet]) -> Sequence[ReplicaSet]:
    """By revision, the highest first (ReplicaSetsByRevisionNumber)."""
    return sorted(sets, key=lambda one: revision_of([one.annotations.get(REVISION)]), reverse=True)


def is_experiment(one: ReplicaSet) -> bool:
    """Whether it is an experiment's."""
    return EXPERIMENT in one.annotations


def referenced(rollout: Rollout, pod_hash: str, selected: Mapping[str, str]) -> bool:
    """Whether the ReplicaSet of a hash must stay up whatever its age (`rollout/replicaset.go` isReplicaSetReferenced).

    `selected`: name of a Service → the hash that it selects, for those that are there.
    """
    if not pod_hash:
        return False
    status = rollout.status
    named = {status.stable_rs, status.current_pod_hash, status.blue_green.active_selector}
    named.add(status.blue_green.preview_selector)
    if status.canary.weights is not None:
        named |= {status.canary.weights.canary.pod_template_hash, status.canary.weights.stable.pod_template_hash}
    canary, blue_green = rollout.canary, rollout.blue_green
    services = [canary.canary_service, canary.stable_service] if canary is not None else []
    services += [blue_green.active_service, blue_green.preview_service] if blue_green is not None else []
    return pod_hash in named or any(name and selected.get(name) == pod_hash for name in services)
