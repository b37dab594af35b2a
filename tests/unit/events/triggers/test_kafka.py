"""Trigger `kafka`."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.errors import Unsupported
from argosy.events.effects import Reference, SendMessage, effect_from_json, effect_to_json
from argosy.events.sensors import Firing
from argosy.resources.manifests import Manifest
from argosy.services.objects import check
from support.events import event, fire, sensor, trigger

REF = {"name": "s", "key": "k"}
ID = {"dependencyName": "dep", "dataKey": "body.id"}
ALL: dict[str, Any] = {
    "url": "kafka:9092",
    "topic": "orders",
    "payload": [{"src": ID, "dest": "id"}],
}


def fired(**spec: Any) -> Firing:
    return fire(sensor([trigger(kafka={**ALL, **spec})]), {"dep": event({"body": {"id": "7"}})})


@pytest.mark.parametrize(
    ("spec", "told", "body"),
    [
        ({}, {}, '{"id":"7"}'),
        ({"payload": []}, {}, None),
        ({"partitioningKey": "", "headers": {"a": "b"}}, {"partitioningKey": "", "headers": {"a": "b"}}, '{"id":"7"}'),
        ({"requiredAcks": 1, "compress": True}, {"requiredAcks": 1, "compress": True}, '{"id":"7"}'),
        ({"sasl": {"userSecret": REF}, "tls": {"enabled": True}},) * 2 + ('{"id":"7"}',),
        ({"partition": 3, "version": "1.0.0", "flushFrequency": 9}, {}, '{"id":"7"}'),
    ],
)
def test_what_is_sent(spec: dict[str, Any], told: dict[str, Any], body: str | None) -> None:
    effect = fired(**spec).effect
    assert effect == SendMessage("kafka", {"url": "kafka:9092", "topic": "orders", **told}, "default", body)
    assert effect is not None
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect


def test_secure_headers() -> None:
    headers = [{"name": "a", "valueFrom": {"secretKeyRef": REF}}, {"name": "b", "valueFrom": {"configMapKeyRef": REF}}]
    effect = fired(secureHeaders=headers).effect
    assert isinstance(effect, SendMessage)
    assert effect.secure_headers == {"a": Reference("secret", "s", "k"), "b": Reference("config", "s", "k")}
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect
    assert "neither a secret nor a config map" in fired(secureHeaders=[{"name": "a"}]).problem


def test_parameters_change_the_message_and_not_where_it_goes() -> None:
    parameters = [{"src": ID, "dest": dest} for dest in ("topic", "partitioningKey", "headers.id", "url")]
    effect = fired(parameters=parameters).effect
    assert isinstance(effect, SendMessage)
    assert effect.trigger == {"url": "kafka:9092", "topic": "7", "partitioningKey": "7", "headers": {"id": "7"}}
    assert (
        "topic is empty" in fired(parameters=[{"src": {**ID, "value": "", "dataKey": "no"}, "dest": "topic"}]).problem
    )


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"sasl": {"mechanism": "GSSAPI"}}, "sasl.mechanism"),
        ({"schemaRegistry": {"url": "http://r"}}, "schemaRegistry"),
        ({"requiredAcks": 2}, "requiredAcks"),
    ],
)
def test_what_is_refused_when_it_is_applied(spec: dict[str, Any], field: str) -> None:
    (problem,) = check(Manifest(sensor([trigger(kafka={**ALL, **spec})])))
    assert isinstance(problem, Unsupported)
    assert problem.field == f"spec.triggers[0].template.kafka.{field}"
