"""What all models share: nulls, unknown fields, wrong types with their path and line."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import InvalidObject
from argosy.resources.base import Model, parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest, read_manifests
from argosy.resources.sensor import Sensor
from support.events import GROUP_VERSION, event_source, sensor, trigger


@pytest.mark.parametrize(
    ("kind", "spec", "field", "reason"),
    [
        (EventSource, {"webhook": {"x": {"port": 12000}}}, "spec.webhook.x.port", "must be a text, not 12000"),
        (EventSource, {"webhook": []}, "spec.webhook", "must be an object"),
        (EventSource, {"webhook": {"x": "y"}}, "spec.webhook.x", "must be"),
        (EventSource, {"webhook": {"x": {"maxPayloadSize": "1"}}}, "spec.webhook.x.maxPayloadSize", "whole number"),
        (EventSource, {"webhook": {"x": {"metadata": {"a": 1}}}}, "spec.webhook.x.metadata.a", "must be a text"),
        (EventSource, {"calendar": {"x": {"exclusionDates": "y"}}}, "spec.calendar.x.exclusionDates", "must be a list"),
        (Sensor, {"dependencies": [{"name": True}]}, "spec.dependencies[0].name", "must be a text, not True"),
        (Sensor, {"triggers": [{"atLeastOnce": "yes"}]}, "spec.triggers[0].atLeastOnce", "must be true or false"),
        (
            Sensor,
            {"triggers": [{"template": {"http": {"timeout": 1.5}}}]},
            "spec.triggers[0].template.http.timeout",
            "",
        ),
    ],
)
def test_a_field_of_another_type(kind: type[Model], spec: Any, field: str, reason: str) -> None:
    body = {"apiVersion": GROUP_VERSION, "kind": kind.__name__, "metadata": {"name": "n"}, "spec": spec}
    with pytest.raises(InvalidObject) as refusal:
        parse(kind, Manifest(body))
    assert refusal.value.field == field
    assert reason in refusal.value.reason
    assert refusal.value.obj == f"{kind.__name__}/n"


def test_the_line_of_a_wrong_field() -> None:
    head = f"apiVersion: {GROUP_VERSION}\nkind: EventSource\nmetadata:\n  name: hook\n"
    text = head + "spec:\n  webhook:\n    x:\n      port: 1\n"
    with pytest.raises(InvalidObject) as refusal:
        parse(EventSource, read_manifests(text, "m.yaml")[0])
    assert (refusal.value.file, refusal.value.line) == ("m.yaml", 8)


def test_a_reason_is_never_endless() -> None:
    body = event_source({"webhook": {"x": {"port": ["y" * 10_000]}}})
    with pytest.raises(InvalidObject) as refusal:
        parse(EventSource, Manifest(body))
    assert len(refusal.value.reason) <= 300


@pytest.mark.parametrize("value", [None, "absent"])
def test_null_is_absent(value: Any) -> None:
    spec: dict[str, Any] = {"webhook": {"x": {"endpoint": "/x"}}, "eventBusName": None, "calendar": None}
    if value == "absent":
        spec = {"webhook": spec["webhook"]}
    made = parse(EventSource, Manifest(event_source(spec)))
    assert (made.bus, made.spec.calendar, made.spec.webhook["x"].metadata) == ("default", {}, {})


def test_unknown_fields_do_not_matter() -> None:
    body = sensor([trigger(log={"new": 1}, other=5)], replicas=3, loggingFields={"a": "b"})
    assert parse(Sensor, Manifest(body)).spec.triggers[0].template is not None
