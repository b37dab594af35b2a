"""Webhook requests: what the caller is told, and what is on the bus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from argosy.errors import Unavailable
from argosy.events.sources.hooks import Request
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.queue import Outgoing
from argosy.services.objects import Objects
from argosy.services.queues import QUEUES
from argosy.services.receive import EVENT_ID_HEADER, HookAnswer
from support.events import Body, event_source
from support.services import FakeInstallation

SECRETS = {"ns": {"token": {"value": "s3cret\n"}}}


def entry(**fields: Any) -> Body:
    return {"endpoint": "/example", "port": "12000", "method": "POST", **fields}


def installation(**entries: Body) -> FakeInstallation:
    made = FakeInstallation(secrets=FakeSecrets(SECRETS))
    made.apply(event_source({"webhook": entries or {"example": entry()}}))
    return made


def ask(made: FakeInstallation, request: Request | None = None, source: str = "hook", port: str = "") -> HookAnswer:
    return made.runtime.receiver.receive("ns", source, request or post(), port)


def post(body: str = "{}", path: str = "/example", method: str = "POST", **headers: str) -> Request:
    return Request(method, path, {name: [value] for name, value in headers.items()}, "", body.encode())


def test_an_event_goes_on_the_bus() -> None:
    made = installation()
    answer = ask(made, post('{"message": "hello"}'))
    (message,) = made.events()
    event = message["event"]
    assert (answer.status, answer.body) == (200, "success")
    assert answer.headers == {EVENT_ID_HEADER: event["id"]}
    assert (message["namespace"], message["bus"]) == ("ns", "default")
    assert event["data"] == '{"header":{},"body":{"message":"hello"}}'
    assert {key: event[key] for key in ("source", "subject", "type", "time", "datacontenttype")} == {
        "source": "hook",
        "subject": "example",
        "type": "webhook",
        "time": "2026-01-01T00:00:00.000000Z",
        "datacontenttype": "application/json",
    }
    assert len(event["id"]) == 32


def test_two_requests_are_two_events() -> None:
    made = installation()
    ids = [ask(made).headers[EVENT_ID_HEADER] for _ in range(2)]
    assert [message["event"]["id"] for message in made.events()] == ids
    assert len(set(ids)) == 2


def test_the_bus_of_the_event_source() -> None:
    made = FakeInstallation()
    made.apply(event_source({"webhook": {"example": entry()}, "eventBusName": "other"}))
    ask(made)
    assert made.events()[0]["bus"] == "other"


def test_a_large_event_travels_by_reference() -> None:
    made = installation()
    body = '"' + "x" * 500_000 + '"'
    assert ask(made, post(body)).status == 200
    (delivery,) = made.runtime.queue.receive("bus", 1)
    assert len(delivery.body) < 1000
    made.runtime.queue.release("bus", [delivery.handle])
    assert made.events()[0]["event"]["data"] == f'{{"header":{{}},"body":{body}}}'


SECURED = {"authSecret": {"name": "token", "key": "value"}}


@pytest.mark.parametrize(
    ("fields", "request_", "status", "headers"),
    [
        ({}, post(path="/other"), 404, {}),
        ({}, post(method="PUT"), 405, {"Allow": "POST"}),
        ({}, post("not json"), 400, {}),
        ({"maxPayloadSize": 4}, post('"123"'), 413, {}),
        (SECURED, post(), 401, {}),
        (SECURED, post(authorization="Bearer wrong"), 401, {}),
        ({"authSecret": {"name": "nope", "key": "value"}}, post(authorization="Bearer s3cret"), 500, {}),
        ({"method": "PUT"}, post(method="PUT"), 405, {"Allow": "PUT"}),
    ],
)
def test_refusals(fields: Body, request_: Request, status: int, headers: Body) -> None:
    made = installation(example=entry(**fields))
    answer = ask(made, request_)
    assert (answer.status, answer.headers) == (status, headers)
    assert "s3cret" not in answer.body
    assert made.events() == []


def test_the_right_token() -> None:
    made = installation(example=entry(**SECURED))
    assert ask(made, post(authorization="Bearer s3cret")).status == 200
    (message,) = made.events()
    assert "s3cret" not in str(message)


def test_an_unknown_event_source() -> None:
    assert ask(installation(), source="other").status == 404


@pytest.mark.parametrize(
    ("expression", "published"),
    [("body.n == 1", True), ("body.n == 2", False), ("body.nothing.at.all == 1", False), ("(", False)],
)
def test_the_filter_of_the_entry(expression: str, published: bool) -> None:
    made = installation(example=entry(filter={"expression": expression}))
    answer = ask(made, post('{"n": 1}'))
    assert answer.status == 200
    assert (EVENT_ID_HEADER in answer.headers) == published
    assert bool(made.events()) == published


# Several entries


@pytest.mark.parametrize(
    ("path", "method", "port", "event"),
    [
        ("/a", "POST", "", "first"),
        ("/a", "GET", "", "second"),
        ("/b", "POST", "", "third"),
        ("/a", "POST", "1", "first"),
        ("/a", "POST", "2", "fourth"),
        ("/b", "POST", "2", None),
        ("/a", "POST", "3", None),
    ],
)
def test_entries_are_told_apart_by_path_method_and_port(path: str, method: str, port: str, event: str | None) -> None:
    made = installation(
        first=entry(endpoint="/a", port="1"),
        second=entry(endpoint="/a", port="1", method="GET"),
        third=entry(endpoint="/b", port="1"),
        fourth=entry(endpoint="/a", port="2"),
    )
    answer = ask(made, post(path=path, method=method), port=port)
    assert answer.status == (200 if event else 404)
    assert [message["event"]["subject"] for message in made.events()] == ([event] if event else [])


@pytest.mark.parametrize(("port", "status"), [("", 200), ("12000", 200), ("12001", 404)])
def test_health(port: str, status: int) -> None:
    made = installation()
    assert ask(made, post(path="/health", method="GET"), port=port).status == status
    assert made.events() == []


# Declarations that change


def test_a_change_is_seen_within_two_seconds() -> None:
    made = installation()
    assert ask(made).status == 200
    made.apply(event_source({"webhook": {"example": entry(endpoint="/new")}}))
    made.clock.advance(2)
    assert (ask(made).status, ask(made, post(path="/new")).status) == (404, 200)
    Objects(made.runtime.store, made.clock).delete([("EventSource", "ns", "hook")])
    made.clock.advance(2)
    assert ask(made, post(path="/new")).status == 404


def test_an_event_that_cannot_be_stored_is_not_answered() -> None:
    class Full(FakeQueue):
        """Takes nothing."""

        def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
            raise Unavailable("the disk is full")

    clock = FakeClock()
    made = FakeInstallation(clock=clock, queue=Full(QUEUES, clock))
    made.apply(event_source({"webhook": {"example": entry()}}))
    with pytest.raises(Unavailable, match="full"):
        ask(made)


def test_the_time_of_the_event_is_its_arrival() -> None:
    made = installation()
    made.clock.advance(timedelta(hours=1, microseconds=5).total_seconds())
    ask(made)
    assert made.events()[0]["event"]["time"] == "2026-01-01T01:00:00.000005Z"
