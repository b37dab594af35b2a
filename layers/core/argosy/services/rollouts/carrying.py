"""A plan of `argosy.rollouts` as the effects that the control loop carries out.

In: writes by name, and the versions of what was read. Out: effects on exactly those versions. Kubernetes Events are
written beside them; nothing depends on those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from argosy.control.effects import Apply, Call, Effect, Patch, Remove, Version
from argosy.control.keys import Key
from argosy.errors import Conflict
from argosy.rollouts.instants import stamp
from argosy.rollouts.writes import Change, Create, Event, Evict, Outside, Plan, Ref

__all__ = ["effects_of"]

_COMPONENT: Final = "rollouts-controller"


def effects_of(
    plan: Plan, key: Key, body: Mapping[str, Any], versions: Mapping[Ref, Version], now: datetime
) -> tuple[Effect, ...]:
    """The effects of a plan for the object `key`. Raises Conflict for a change of something that was not read."""
    effects: list[Effect] = []
    for write in plan.writes:
        if isinstance(write, Outside):
            effects.append(Call(write.id, write, repeatable=True))
            continue
        target = replace(key, group=write.ref.group, kind=write.ref.kind, name=write.ref.name)
        if isinstance(write, Create):
            effects.append(Apply(target, write.manifest))
            continue
        version = versions.get(write.ref)
        if version is None:
            raise Conflict(f"{target} was not read")
        if isinstance(write, Change):
            effects.append(Patch(target, write.body, version))
        else:
            effects.append(Remove(target, version, evict=isinstance(write, Evict)))
    return (*effects, *_events(plan, key, body, now))


def _events(plan: Plan, key: Key, body: Mapping[str, Any], now: datetime) -> Iterator[Apply]:
    metadata = body.get("metadata") or {}
    for index, event in enumerate(plan.events):
        name = f"{key.name[:200]}.{_digest(event, metadata, index)}"
        yield Apply(replace(key, group="", kind="Event", name=name), _event(event, name, key, body, now), optional=True)


def _digest(event: Event, metadata: Mapping[str, Any], index: int) -> str:
    """The same for the same event of the same version: a turn that is repeated tells nothing twice."""
    text = f"{metadata.get('uid')}\n{metadata.get('resourceVersion')}\n{index}\n{event.reason}\n{event.message}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _event(event: Event, name: str, key: Key, body: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    metadata, at = body.get("metadata") or {}, stamp(now)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": key.namespace},
        "involvedObject": {
            "apiVersion": body.get("apiVersion"),
            "kind": key.kind,
            "name": key.name,
            "namespace": key.namespace,
            "uid": metadata.get("uid"),
            "resourceVersion": metadata.get("resourceVersion"),
        },
        "reason": event.reason,
        "message": event.message[:1024],
        "type": "Warning" if event.warning else "Normal",
        "source": {"component": _COMPONENT},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
