"""Trigger `custom`."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.errors import InvalidObject
from argosy.events.effects import Assignment, SendMessage, effect_from_json, effect_to_json
from argosy.resources.manifests import Manifest
from argosy.services.objects import check
from support.events import event, fire, sensor, trigger

ID = {"dependencyName": "dep", "dataKey": "body.id"}
ALL: dict[str, Any] = {"serverURL": "builder.tools:9000", "spec": {"url": "https://example.org/build.yaml"}}


@pytest.mark.parametrize(
    ("spec", "told", "body", "values"),
    [
        ({}, {}, None, ()),
        ({"payload": [{"src": ID, "dest": "id"}]}, {}, '{"id":"7"}', ()),
        ({"parameters": [{"src": ID, "dest": "metadata.name"}]}, {}, None, (Assignment("metadata.name", "7"),)),
        ({"secure": True, "certSecret": {"name": "c", "key": "ca"}, "serverNameOverride": "b"},) * 2 + (None, ()),
    ],
)
def test_what_is_called(spec: dict[str, Any], told: dict[str, Any], body: str | None, values: Any) -> None:
    effect = fire(sensor([trigger(custom={**ALL, **spec})]), {"dep": event({"body": {"id": "7"}})}).effect
    assert effect == SendMessage("custom", {**ALL, **told}, "default", body, values=values)
    assert effect is not None
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect


def test_a_spec_holds_texts() -> None:
    (problem,) = check(Manifest(sensor([trigger(custom={**ALL, "spec": {"number": 5}})])))
    assert isinstance(problem, InvalidObject)
    assert problem.field == "spec.triggers[0].template.custom.spec.number"
