"""Trigger `awsLambda`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import Effect, InvokeFunction, effect_from_json, effect_to_json
from support.events import NOW, compiled, event, sensor, trigger

PAYLOAD = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]


def fired(more: dict[str, Any] | None = None, **spec: Any) -> Effect | None:
    body = {"functionName": "hello", "region": "eu-central-1", "payload": PAYLOAD, **spec}
    made = compiled(sensor([trigger(awsLambda=body, more=more)]))
    occurred = event({"body": {"id": "7", "to": "other"}})
    (match,) = made.match(occurred)
    return made.fire(match.trigger, {"dep": occurred}, NOW).effect  # type: ignore[union-attr]  # nothing is dropped


def test_the_invocation() -> None:
    effect = fired()
    assert effect == InvokeFunction("hello", "eu-central-1", '{"id":"7"}')
    assert effect_from_json(effect_to_json(effect)) == effect


@pytest.mark.parametrize("kind", ["Event", "RequestResponse", "DryRun"])
def test_its_type(kind: str) -> None:
    effect = fired(invocationType=kind)
    assert isinstance(effect, InvokeFunction)
    assert effect.invocation_type == kind


def test_its_parameters() -> None:
    effect = fired(parameters=[{"src": {"dependencyName": "dep", "dataKey": "body.to"}, "dest": "functionName"}])
    assert isinstance(effect, InvokeFunction)
    assert effect.function == "other"


def test_its_policy() -> None:
    effect = fired({"policy": {"status": {"allow": [200]}}})
    assert isinstance(effect, InvokeFunction)
    assert effect.allow == (200,)


def test_an_empty_payload() -> None:
    effect = fired(payload=[])
    assert isinstance(effect, InvokeFunction)
    assert effect.payload == "{}"
