"""Trigger `nats`."""

from __future__ import annotations

from typing import Any

import orjson

from argosy.events.effects import SendMessage, effect_from_json, effect_to_json
from argosy.events.sensors import Firing
from support.events import event, fire, sensor, trigger

ID = {"dependencyName": "dep", "dataKey": "body.id"}
AUTH = {"basic": {"username": {"name": "s", "key": "u"}, "password": {"name": "s", "key": "p"}}}
ALL = {"url": "nats:4222", "subject": "orders", "payload": [{"src": ID, "dest": "id"}]}


def fired(more: dict[str, Any] | None = None, **spec: Any) -> Firing:
    return fire(sensor([trigger(nats={**ALL, **spec}, more=more)]), {"dep": event({"body": {"id": "7"}})})


def test_what_is_sent() -> None:
    effect = fired(auth=AUTH, tls={"insecureSkipVerify": True}).effect
    told = {"url": "nats:4222", "subject": "orders", "auth": AUTH, "tls": {"insecureSkipVerify": True}}
    assert effect == SendMessage("nats", told, "default", '{"id":"7"}')
    assert effect is not None
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect


def test_the_subject_comes_from_the_template_alone() -> None:
    own = fired(parameters=[{"src": ID, "dest": "subject"}]).effect
    of_template = fired({"parameters": [{"src": ID, "dest": "nats.subject"}]}).effect
    assert isinstance(own, SendMessage)
    assert isinstance(of_template, SendMessage)
    assert (own.trigger["subject"], of_template.trigger["subject"]) == ("orders", "7")


def test_without_a_subject() -> None:
    parameters = [{"src": {**ID, "dataKey": "no", "value": ""}, "dest": "nats.subject"}]
    assert "nats.subject is empty" in fired({"parameters": parameters}).problem
