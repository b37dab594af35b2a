"""The status that `argosy get` shows beside an object: conditions in Argo's words, counters, failures, next times.

Condition types are Argo Events' (`pkg/apis/events/v1alpha1`): SourcesProvided, DependenciesProvided, TriggersProvided,
Deployed. Deployed is true without a Deployment: the object is in service as soon as it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from argosy.errors import ArgosyError
from argosy.events.sensors import CompiledSensor
from argosy.ports.store import Row, Store
from argosy.resources.eventsource import CONNECTED_TYPES, HTTP_TYPES
from argosy.resources.homes import home_of
from argosy.resources.sensor import Sensor
from argosy.services.calendars import CALENDAR_PK
from argosy.services.connections import connection_states
from argosy.services.hooks import hook_problems
from argosy.services.outcomes import sensor_status
from argosy.services.wiring import problems_of

__all__ = ["public_urls", "with_status"]

_UNCONNECTED: Final = "nothing has connected to it yet: the agent of its cluster does, or argosy up"
_ALL_SERVED: Final[Mapping[str, str]] = {}


def with_status(
    store: Store, body: Mapping[str, Any], unserved: Mapping[str, str] = _ALL_SERVED, base_url: str = ""
) -> dict[str, Any]:
    """`body` (a stored manifest) with its status; `unserved`: see `Runtime`, `base_url`: where requests come in."""
    metadata = body["metadata"]
    namespace, name = metadata["namespace"], metadata["name"]
    if body["kind"] == "Sensor":
        status = {**_sensor_conditions(body, unserved), **sensor_status(store, namespace, name)}
    elif body["kind"] == "EventSource":
        connections = _connections(store, body)
        problem = "; ".join(_source_problems(store, namespace, name, connections))
        status = {"conditions": [_condition("SourcesProvided", not problem, problem), _condition("Deployed", True)]}
        if connections:
            status["connections"] = {event: problem or "connected" for event, problem in connections.items()}
        if urls := public_urls(body, base_url):
            status["urls"] = urls
        rows = {row.sk.split("/", 2)[2]: row for row in store.query(CALENDAR_PK, f"{namespace}/{name}/")}
        if rows:
            status["calendar"] = {event: _calendar(row) for event, row in rows.items()}
    else:
        message = "events travel through this installation's queue; the bus settings of the manifest have no effect"
        status = {"conditions": [_condition("Configured", True, message), _condition("Deployed", True)]}
    return {**body, "status": status}


def _source_problems(store: Store, namespace: str, name: str, connections: Mapping[str, str]) -> list[str]:
    lost = {event: problem for event, problem in connections.items() if problem}
    found = {**hook_problems(store, namespace, name), **lost}
    return [*problems_of(store, namespace, name).values(), *(f"{what}: {why}" for what, why in found.items())]


def _connections(store: Store, body: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with each connection that an EventSource needs, by event name, "" = nothing."""
    spec, metadata = body.get("spec") or {}, body["metadata"]
    known = connection_states(store, metadata["namespace"], metadata["name"])
    return {
        event: known.get(event, _UNCONNECTED) for kind in spec if kind in CONNECTED_TYPES for event in spec[kind] or ()
    }


def public_urls(body: Mapping[str, Any], base_url: str) -> dict[str, str]:
    """Where an EventSource is called from outside, by event name; empty without a `base_url`."""
    metadata, spec = body["metadata"], body.get("spec") or {}
    if not base_url:
        return {}
    base = f"{base_url.rstrip('/')}/hooks/{metadata['namespace']}/{metadata['name']}/"
    entries = [(kind, spec[kind].items()) for kind in spec if kind in HTTP_TYPES and isinstance(spec[kind], Mapping)]
    return {event: base + _endpoint(kind, entry) for kind, found in entries for event, entry in found}


def _endpoint(kind: str, entry: Mapping[str, Any] | None) -> str:
    hook = entry if kind == "webhook" or entry is None else entry.get("webhook")
    return str((hook or {}).get("endpoint", "")).lstrip("/")


def _calendar(row: Row) -> dict[str, str]:
    problem = row.data.get("problem")
    return {"next": _text(row.due_at)} | ({"problem": problem} if problem else {})


def _sensor_conditions(body: Mapping[str, Any], unserved: Mapping[str, str]) -> dict[str, Any]:
    try:
        broken = CompiledSensor(Sensor.model_validate(body), body).broken
    except (ArgosyError, ValueError) as x:
        broken = {"": str(x)}
    if not home_of(body["metadata"]["namespace"])[1]:  # else it acts on the cluster that it came from
        broken = dict(_unserved(body["spec"]["triggers"], unserved)) | broken
    problem = "; ".join(f"{trigger}: {reason}" for trigger, reason in broken.items())
    conditions = [
        _condition("DependenciesProvided", True),
        _condition("TriggersProvided", not broken, problem),
        _condition("Deployed", True),
    ]
    return {"conditions": conditions}


def _unserved(triggers: Iterable[Mapping[str, Any]], unserved: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for trigger in triggers:
        template = trigger.get("template") or {}
        for kind, reason in unserved.items():
            found = template.get(kind)
            if found is not None and not (isinstance(found, Mapping) and found.get("cluster")):
                yield str(template.get("name", "")), reason
        yield from _unserved([trigger["dlqTrigger"]] if trigger.get("dlqTrigger") else [], unserved)


def _condition(kind: str, good: bool, message: str = "") -> dict[str, str]:
    condition = {"type": kind, "status": "True" if good else "False"}
    return {**condition, "message": message} if message else condition


def _text(due: float | None) -> str:
    return datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if due is not None else "never"
