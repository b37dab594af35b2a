"""Objects of the events domain for tests: short ways to what a table needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from argosy.events.envelope import Event
from argosy.events.sensors import CompiledSensor, Firing
from argosy.resources.base import Model, parse
from argosy.resources.manifests import Manifest
from argosy.resources.sensor import Sensor

GROUP_VERSION = "argoproj.io/v1alpha1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

Body = dict[str, Any]


def event(
    data: object = None,
    *,
    id: str = "0123456789abcdef0123456789abcdef",
    source: str = "hook",
    subject: str = "example",
    time: str = "2026-01-01T00:00:00Z",
    type: str = "webhook",
    datacontenttype: str = "application/json",
) -> Event:
    """An event whose payload is `data`: a text as it stands, anything else as JSON, None for no payload."""
    text = data if isinstance(data, str) or data is None else orjson.dumps(data).decode()
    return Event(id, source, type, subject, time, datacontenttype, "1.0", text)


def model[M: Model](kind: type[M], body: Mapping[str, Any]) -> M:
    """A part of a resource, as it is read from a manifest."""
    return parse(kind, Manifest(body))


def dependency(name: str, *, source: str = "hook", subject: str = "example", **more: Any) -> Body:
    """A dependency of a Sensor."""
    return {"name": name, "eventSourceName": source, "eventName": subject, **more}


def trigger(name: str = "t", *, conditions: str = "", more: Mapping[str, Any] | None = None, **template: Any) -> Body:
    """A trigger of a Sensor: `template` its kind (default `log`), `more` what stands beside the template."""
    body: Body = {"name": name, **(template or {"log": {}})}
    if conditions:
        body["conditions"] = conditions
    return {"template": body, **(more or {})}


def sensor(
    triggers: Sequence[Body],
    dependencies: Sequence[Body] | None = None,
    *,
    name: str = "s",
    namespace: str = "ns",
    **spec: Any,
) -> Body:
    """The manifest of a Sensor, with one dependency `dep` if none are given."""
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "Sensor",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "dependencies": list(dependencies if dependencies is not None else [dependency("dep")]),
            "triggers": list(triggers),
            **spec,
        },
    }


def event_source(spec: Mapping[str, Any], *, name: str = "hook", namespace: str = "ns") -> Body:
    """The manifest of an EventSource."""
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "EventSource",
        "metadata": {"name": name, "namespace": namespace},
        "spec": dict(spec),
    }


def compiled(body: Body) -> CompiledSensor:
    """A Sensor manifest, compiled."""
    return CompiledSensor(model(Sensor, body), body)


def fire(body: Body, events: Mapping[str, Event], *, now: datetime = NOW) -> Firing:
    """The firing of the first trigger of a Sensor manifest with these events."""
    made = compiled(body)
    matches = [match for one in events.values() for match in made.match(one)]
    first = next(match.trigger for match in matches if hasattr(match, "trigger"))
    return made.fire(first, events, now)
