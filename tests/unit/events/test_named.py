"""What declarations name of Secrets and ConfigMaps, which is all that an agent tells its hub."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import Reference
from argosy.events.named import named_by_entry, named_by_sensor
from argosy.resources.eventsource import EventSource
from argosy.resources.sensor import Sensor
from support.events import event_source, model, sensor, trigger


def ref(name: str, key: str = "k") -> dict[str, str]:
    return {"name": name, "key": key}


def secret(name: str, key: str = "k", account: str = "robot") -> Reference:
    return Reference("secret", name, key, account)


HEADERS = [
    {"name": "A", "valueFrom": {"secretKeyRef": ref("header")}},
    {"name": "B", "valueFrom": {"configMapKeyRef": ref("map")}},
]
TLS = {"caCertSecret": ref("ca"), "clientCertSecret": ref("cert"), "clientKeySecret": ref("key")}


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ({"log": {}}, set()),
        (
            {"http": {"url": "http://x", "secureHeaders": HEADERS}},
            {secret("header"), Reference("config", "map", "k", "robot")},
        ),
        (
            {"http": {"url": "http://x", "basicAuth": {"username": ref("auth", "u"), "password": ref("auth", "p")}}},
            {secret("auth", "u"), secret("auth", "p")},
        ),
        ({"http": {"url": "https://x", "tls": TLS}}, {secret("ca"), secret("cert"), secret("key")}),
        ({"slack": {"channel": "c", "message": "m", "slackToken": ref("slack")}}, {secret("slack")}),
        ({"email": {"host": "h", "port": 25, "smtpPassword": ref("mail")}}, {secret("mail")}),
        (
            {"k8s": {"operation": "create", "source": {"configmap": ref("source")}}},
            {Reference("config", "source", "k", "robot")},
        ),
        ({"slack": {"channel": "c", "slackToken": {"name": "slack"}}}, set()),
        ({"slack": {"channel": "c", "slackToken": {"key": "k"}}}, set()),
    ],
)
def test_a_trigger(template: dict[str, Any], named: set[Reference]) -> None:
    body = sensor([trigger(**template)])
    body["spec"]["template"] = {"serviceAccountName": "robot"}
    assert set(named_by_sensor(model(Sensor, body))) == named


def test_a_trigger_for_dead_letters_counts_and_the_default_account() -> None:
    dead = {"template": {"name": "d", "slack": {"channel": "c", "slackToken": ref("late")}}}
    body = sensor([trigger(more={"atLeastOnce": True, "dlqTrigger": dead}, log={})])
    assert list(named_by_sensor(model(Sensor, body))) == [secret("late", account="default")]


@pytest.mark.parametrize(
    ("kind", "entry", "ports", "named"),
    [
        ("webhook", {"authSecret": ref("auth")}, False, {secret("auth")}),
        ("webhook", {"serverCertSecret": ref("tls", "c"), "serverKeySecret": ref("tls", "k")}, False, set()),
        (
            "webhook",
            {"serverCertSecret": ref("tls", "c"), "serverKeySecret": ref("tls", "k")},
            True,
            {secret("tls", "c"), secret("tls", "k")},
        ),
        (
            "github",
            {
                "webhookSecret": ref("sign"),
                "apiToken": ref("token"),
                "webhook": {"endpoint": "/", "authSecret": ref("auth")},
            },
            False,
            {secret("sign"), secret("token"), secret("auth")},
        ),
        (
            "bitbucket",
            {"auth": {"basic": {"username": ref("bb", "u"), "password": ref("bb", "p")}}, "webhook": {"endpoint": "/"}},
            False,
            {secret("bb", "u"), secret("bb", "p")},
        ),
        (
            "bitbucketserver",
            {"accessToken": ref("t"), "tls": {"caCertSecret": ref("ca")}},
            False,
            {secret("t"), secret("ca")},
        ),
        ("slack", {"signingSecret": ref("s"), "token": ref("t")}, False, {secret("s"), secret("t")}),
    ],
)
def test_an_entry_of_an_event_source(kind: str, entry: dict[str, Any], ports: bool, named: set[Reference]) -> None:
    source = model(EventSource, event_source({kind: {"example": entry}}))
    (made,) = source.spec.of(kind).values()
    assert set(named_by_entry(made, "robot", ports=ports)) == named
