"""Which object: its key, and the digest that says whether it has changed for its controller.

Keys name work items, rows, timers and the objects that a decision has read, in and outside of Kubernetes. Like Argo's
controllers (`namespace/name` in a work queue of one kind), but with the home in front: one hub serves many clusters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import orjson

from argosy.errors import EvaluationError

__all__ = ["Key", "wake_digest"]


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """An object: `cluster` is its home ("" = the store), `group` its API group ("" = the core group)."""

    cluster: str
    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """As rows and messages carry it; no part of a Kubernetes name can hold a slash."""
        return f"{self.cluster}/{self.group}/{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of `str`. Raises EvaluationError for what is no key."""
        parts = text.split("/")
        if len(parts) != 5 or not (parts[2] and parts[4]):
            raise EvaluationError(f"{text!r} is no key: cluster/group/kind/namespace/name")
        return cls(*parts)

    @property
    def group_kind(self) -> str:
        """What the map of work queues knows it by: `argoproj.io/EventSource`."""
        return f"{self.group}/{self.kind}"


def wake_digest(manifest: Mapping[str, Any]) -> str:
    """The digest of what wakes an object's controller: spec, operation, labels, annotations, finalizers, deletion.

    Never resourceVersion, generation or status: Application, AnalysisRun, Experiment and Workflow have no status
    subresource, and our own status writes would wake us for ever.
    """
    metadata = manifest.get("metadata") or {}
    wanted = [manifest.get("spec"), manifest.get("operation")]
    wanted += [metadata.get(field) for field in ("labels", "annotations", "finalizers", "deletionTimestamp")]
    return hashlib.sha256(orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
