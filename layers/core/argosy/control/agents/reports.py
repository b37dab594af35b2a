"""Reports of an agent: what has changed, what is there, what came of work, and that it is alive.

Each is a message of the cluster's report queue: `{"report": kind, …}`. Which cluster it is from is told by the queue that it
came by, never by its body. Changes of one object travel in one FIFO group, so they arrive in their order.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from argosy.control.agents.normal import version_of
from argosy.errors import (
    AlreadyExists,
    ArgosyError,
    Conflict,
    Denied,
    EvaluationError,
    Expired,
    InvalidObject,
    NotFound,
    Permanent,
    Unavailable,
    Unsupported,
)

__all__ = ["ARGO_CD", "LEASES", "SHARDS", "Item", "Seen", "error_of", "error_to_json", "event_id", "shard"]

ARGO_CD: Final = "argo-cd"
"""What heartbeats call Argo CD's controller, with its namespace: it has no lease."""

LEASES: Final = {"argo-events-controller": "argo-events", "argo-rollouts-controller-lock": "argo-rollouts"}
"""The leases that Argo's own controllers renew, and what heartbeats call the controllers.

Names as in `pkg/reconciler/cmd/start.go` of Argo Events 1.9 and `controller/controller.go` of Argo Rollouts.
"""

SHARDS: Final = 16
"""FIFO groups of changes: as many messages as these may be under way at a time."""


@dataclass(frozen=True, slots=True)
class Item:
    """One change: `type` is ADDED, MODIFIED or DELETED, `scope` the key of the subscription that saw it.

    `object` is pruned; None when only its end is known. `version` is the resourceVersion as a number.
    """

    scope: str
    type: str
    namespace: str
    name: str
    uid: str
    version: int
    object: Mapping[str, Any] | None = None

    def as_json(self) -> list[Any]:
        """For a message."""
        return [self.scope, self.type, self.namespace, self.name, self.uid, self.version, self.object]

    @classmethod
    def of(cls, scope: str, kind: str, body: Mapping[str, Any]) -> Item:
        """The change that an object has seen, but for the object."""
        metadata = body["metadata"]
        return cls(scope, kind, metadata.get("namespace", ""), metadata["name"], metadata["uid"], version_of(body))

    @classmethod
    def from_json(cls, data: Any) -> Item:
        """The inverse. Raises EvaluationError for anything else."""
        try:
            scope, kind, namespace, name, uid, version, body = data
        except (TypeError, ValueError) as x:
            raise EvaluationError(f"not a change that an agent reports: {x}") from None
        texts = (scope, kind, namespace, name, uid)
        if not all(isinstance(one, str) for one in texts) or not isinstance(version, int):
            raise EvaluationError("not a change that an agent reports: a field has the wrong type")
        if body is not None and not isinstance(body, dict):
            raise EvaluationError("not a change that an agent reports: its object is none")
        return cls(scope, kind, namespace, name, uid, version, body)


@dataclass(frozen=True, slots=True)
class Seen:
    """A complete list of a scope: uid → [namespace, name, resourceVersion], as of resourceVersion `version`."""

    scope: str
    version: int
    objects: Mapping[str, tuple[str, str, int]] = field(default_factory=dict)


def event_id(cluster: str, uid: str, version: int, kind: str) -> str:
    """The id of the event that a change is, 32 hex digits: whoever sends it twice sends the same."""
    return hashlib.sha256(f"{cluster}\n{uid}\n{version}\n{kind}".encode()).hexdigest()[:32]


def shard(uid: str) -> str:
    """The FIFO group of an object's changes."""
    return f"changes-{zlib.crc32(uid.encode()) % SHARDS}"


_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        AlreadyExists,
        Conflict,
        Denied,
        EvaluationError,
        Expired,
        InvalidObject,
        NotFound,
        Permanent,
        Unavailable,
        Unsupported,
    )
}


def error_to_json(error: ArgosyError) -> dict[str, Any]:
    """An error as a result carries it: its class, text, and where it stands."""
    kind = next(one.__name__ for one in type(error).__mro__ if one.__name__ in _ERRORS or one is ArgosyError)
    body: dict[str, Any] = {"error": kind if kind in _ERRORS else "Permanent", "text": str(error)}
    if isinstance(error, InvalidObject | Unsupported):
        body |= {"text": error.reason, "obj": error.obj, "field": error.field}
    if isinstance(error, Unavailable):
        body["delay"] = error.delay
    return body


def error_of(body: Mapping[str, Any]) -> ArgosyError:
    """The inverse of `error_to_json`; what is not known is Permanent."""
    kind, text = _ERRORS.get(str(body.get("error")), Permanent), str(body.get("text", ""))
    if kind in (InvalidObject, Unsupported):
        return kind(text, obj=str(body.get("obj", "")), field=str(body.get("field", "")))
    if kind is Unavailable:
        return Unavailable(text, delay=float(body.get("delay", 0)))
    return kind(text)
