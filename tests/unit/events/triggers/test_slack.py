"""Trigger `slack`."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from argosy.events.effects import Reference, SlackMessage, effect_from_json, effect_to_json, repeatable
from argosy.events.sensors import Firing
from support.events import event, fire, sensor, trigger

TOKEN = {"slackToken": {"name": "slack", "key": "token"}}


def fired(more: dict[str, Any] | None = None, **spec: Any) -> Firing:
    body = {"channel": "#general", "message": "hi", **TOKEN, **spec}
    return fire(sensor([trigger(slack=body, more=more)]), {"dep": event({"body": {"to": "other"}})})


def test_the_message() -> None:
    effect = fired(
        attachments="[]",
        blocks='[{"type":"divider"}]',
        thread={"messageAggregationKey": "build-7", "broadcastMessageToChannel": True},
        sender={"username": "argosy", "icon": ":ship:"},
    ).effect
    token = Reference("secret", "slack", "token", "default")
    divider = '[{"type":"divider"}]'
    assert effect == SlackMessage("general", "hi", token, "[]", divider, "build-7", True, "argosy", ":ship:")
    assert effect is not None
    assert effect_from_json(orjson.loads(orjson.dumps(effect_to_json(effect)))) == effect
    assert not repeatable(effect)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"channel": ""}, "slack.channel is empty"),
        ({"message": ""}, "one of message, attachments and blocks is needed"),
        ({"slackToken": None}, "slack.slackToken is missing"),
        ({"parameters": [{"src": {"dependencyName": "dep", "dataKey": "none"}, "dest": "message"}]}, "none"),
    ],
)
def test_what_cannot_be_sent(spec: dict[str, Any], problem: str) -> None:
    firing = fired(**spec)
    assert firing.effect is None
    assert problem in firing.problem


def test_parameters_of_the_template_change_it_and_its_own_do_not() -> None:
    source = {"dependencyName": "dep", "dataKey": "body.to"}
    template = fired(more={"parameters": [{"src": source, "dest": "slack.channel"}]}).effect
    own = fired(parameters=[{"src": source, "dest": "channel"}]).effect
    assert isinstance(template, SlackMessage)
    assert isinstance(own, SlackMessage)
    assert (template.channel, own.channel) == ("other", "general")
