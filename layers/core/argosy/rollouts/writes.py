"""What a turn of a Rollout, an AnalysisRun or an Experiment does to objects of its namespace, as data.

Names are enough: whoever carries a turn out knows the cluster, the namespace and the versions that were read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

__all__ = ["Change", "Create", "Erase", "Event", "Evict", "Outside", "Plan", "Ref", "Write", "merged", "owned_by"]


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An object of the namespace; `group` "" = the core group."""

    group: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Create:
    """Make an object that is not there."""

    ref: Ref
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A merge patch of the object as it was read; `body` has `status` alone, or no status."""

    ref: Ref
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete the object as it was read."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Evict:
    """Evict a pod, as its disruption budget allows."""

    ref: Ref


@dataclass(frozen=True, slots=True)
class Outside:
    """An effect outside the namespace: `kind` says whose, `id` is the same for the same effect."""

    kind: str
    id: str
    body: Mapping[str, Any]


type Write = Create | Change | Erase | Evict | Outside


@dataclass(frozen=True, slots=True)
class Event:
    """A Kubernetes Event about the object; `warning`: its type."""

    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A turn: writes in their order, then the merge patch of the object's status, then events; and when to look again.

    `takes_away`: whether pods or traffic are taken from a version, which must not be done on what is no longer so.
    """

    writes: Sequence[Write] = ()
    status: Mapping[str, Any] = field(default_factory=dict)
    events: Sequence[Event] = ()
    requeue_at: datetime | None = None
    takes_away: bool = False


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two merge patches as one; `other` wins."""
    made = dict(one)
    for name, value in other.items():
        before = made.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        made[name] = merged(before or {}, value) if both else value
    return made


def owned_by(kind: str, name: object, uid: object) -> dict[str, Any]:
    """The reference to the Rollout, Experiment or AnalysisRun that has made an object and decides on it."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
