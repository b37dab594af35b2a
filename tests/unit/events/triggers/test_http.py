"""Trigger `http`; the tables of headers, payloads and parameters are the shared family `events/trigger-http-request`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import HttpCall, Reference
from support.events import Body, event, fire, sensor, trigger

REF = {"name": "s", "key": "k"}
SECRET = Reference("secret", "s", "k")


def call(http: Body, payload: object = None, more: Body | None = None) -> HttpCall:
    firing = fire(sensor([trigger(http={"url": "http://x/", **http}, more=more)]), {"dep": event(payload or {})})
    assert isinstance(firing.effect, HttpCall), firing.problem
    return firing.effect


def problem(http: Body, payload: object = None) -> str:
    firing = fire(sensor([trigger(http={"url": "http://x/", **http})]), {"dep": event(payload or {})})
    assert firing.effect is None
    return firing.problem


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ({}, HttpCall("http://x/")),
        ({"method": "GET", "timeout": 5}, HttpCall("http://x/", "GET", timeout=5.0)),
        ({"timeout": 0}, HttpCall("http://x/", timeout=60.0)),
        ({"timeout": -1}, HttpCall("http://x/", timeout=60.0)),
        ({"host": "h"}, HttpCall("http://x/", host="h")),
        ({"headers": {"A": "b"}}, HttpCall("http://x/", headers={"A": "b"})),
        ({"payload": []}, HttpCall("http://x/")),
        ({"tls": {"insecureSkipVerify": True}}, HttpCall("http://x/", insecure=True)),
        (
            {"tls": {"caCertSecret": REF, "clientCertSecret": REF, "clientKeySecret": REF}},
            HttpCall("http://x/", ca=SECRET, client_cert=SECRET, client_key=SECRET),
        ),
        ({"basicAuth": {"username": REF}}, HttpCall("http://x/", basic_auth=True, username=SECRET)),
        (
            {"secureHeaders": [{"name": "A", "valueFrom": {"configMapKeyRef": REF}}], "headers": {"A": "plain"}},
            HttpCall("http://x/", secure_headers={"A": Reference("config", "s", "k")}),
        ),
    ],
)
def test_the_request(http: Body, expected: HttpCall) -> None:
    assert call(http) == expected


@pytest.mark.parametrize(
    ("policy", "allow"),
    [(None, None), ({}, None), ({"status": {"allow": [200, 201]}}, (200, 201)), ({"status": {"allow": []}}, ())],
)
def test_the_policy(policy: Any, allow: Any) -> None:
    assert call({}, more={"policy": policy}).allow == allow


def test_parameters_may_change_everything() -> None:
    http = {
        "parameters": [
            {"src": {"dependencyName": "dep", "dataKey": "url"}, "dest": "url"},
            {"src": {"dependencyName": "dep", "dataKey": "seconds", "useRawData": True}, "dest": "timeout"},
            {"src": {"dependencyName": "dep", "dataKey": "url"}, "dest": "headers.X"},
        ]
    }
    made = call(http, {"url": "https://y/", "seconds": 3})
    assert (made.url, made.timeout, made.headers) == ("https://y/", 3.0, {"X": "https://y/"})


@pytest.mark.parametrize(
    ("http", "reason"),
    [
        ({"parameters": [{"src": {"dependencyName": "dep", "value": "x"}, "dest": "timeout"}]}, "http.timeout"),
        ({"dynamicHeaders": [{"src": {"dependencyName": "gone"}, "dest": "A"}]}, "took no part"),
        ({"secureHeaders": [{"name": "A"}]}, "neither a secret nor a config map key"),
        ({"payload": [{"src": {"dependencyName": "dep", "dataKey": "x"}, "dest": "a"}]}, "'x' is not in the event"),
    ],
)
def test_a_request_that_cannot_be_made(http: Body, reason: str) -> None:
    assert reason in problem(http)
