"""functions/webhook with API Gateway events (REST API, payload v1)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from argosy.errors import Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.queue import Outgoing
from argosy.services.queues import QUEUES
from support.events import Body, event_source
from support.functions import invoke, recorded
from support.services import FakeInstallation

SECRETS = {"argo-events": {"token": {"value": "s3cret"}}}


def installation(**made: Any) -> FakeInstallation:
    found = FakeInstallation(secrets=FakeSecrets(SECRETS), **made)
    entries = {
        "example": {"endpoint": "/example", "port": "12000", "method": "POST"},
        "secured": {
            "endpoint": "/secured",
            "port": "12000",
            "method": "POST",
            "authSecret": {"name": "token", "key": "value"},
        },
        "broken": {
            "endpoint": "/broken",
            "port": "12000",
            "method": "POST",
            "authSecret": {"name": "nope", "key": "value"},
        },
        "small": {"endpoint": "/small", "port": "12000", "method": "POST", "maxPayloadSize": 10},
        "asked": {"endpoint": "/a/b", "port": "12000", "method": "GET"},
        "root": {"endpoint": "/", "port": "12001", "method": "POST"},
    }
    found.apply(event_source({"webhook": entries}, name="webhook", namespace="argo-events"))
    return found


def request(path: str = "example", method: str = "POST", body: str | bytes | None = "{}", **headers: str) -> Body:
    event = recorded("webhook")
    resource = "/hooks/{namespace}/{source}/{proxy+}" if path else "/hooks/{namespace}/{source}"
    event["resource"] = event["requestContext"]["resourcePath"] = resource
    event["path"] = f"/hooks/argo-events/webhook/{path}".rstrip("/")
    event["httpMethod"] = event["requestContext"]["httpMethod"] = method
    event["pathParameters"] = {"namespace": "argo-events", "source": "webhook", **({"proxy": path} if path else {})}
    event["headers"] |= headers
    event["multiValueHeaders"] |= {name: [value] for name, value in headers.items()}
    event["isBase64Encoded"] = isinstance(body, bytes)
    event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


def payload(made: FakeInstallation) -> Any:
    (message,) = made.events()
    return json.loads(message["event"]["data"])


def test_the_recorded_event() -> None:
    made = installation()
    answer = invoke("webhook", recorded("webhook"), made)
    (message,) = made.events()
    assert (answer["statusCode"], answer["body"]) == (200, "success")
    assert answer["headers"]["X-Argosy-Event-Id"] == message["event"]["id"]
    data = json.loads(message["event"]["data"])
    assert data["body"] == {"message": "hello", "id": "a-1"}
    assert data["header"]["Content-Type"] == ["application/json"]
    assert "Host" not in data["header"]
    assert (message["namespace"], message["event"]["source"], message["event"]["subject"]) == (
        "argo-events",
        "webhook",
        "example",
    )


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (request(), 200),
        (request("nothing"), 404),
        (request("example/"), 404),
        (request("example/more"), 404),
        (request(method="PUT"), 405),
        (request(method="GET", body=None), 405),
        (request(method="HEAD", body=None), 405),
        (request(method="DELETE"), 405),
        (request(body="nope"), 400),
        (request(body=None), 400),
        (request(body=b"\xff"), 400),
        (request("small", body='"123456789"'), 413),
        (request("secured"), 401),
        (request("secured", Authorization="Bearer wrong"), 401),
        (request("secured", Authorization="Bearer s3cret"), 200),
        (request("broken", Authorization="Bearer s3cret"), 500),
        (request("", body="1"), 200),
        (request("health", method="GET", body=None), 200),
    ],
)
def test_answers(event: Body, status: int) -> None:
    made = installation()
    answer = invoke("webhook", event, made)
    assert answer["statusCode"] == status
    published = bool(made.events())
    assert published == (status == 200 and "health" not in event["path"])
    assert "s3cret" not in json.dumps(answer)


def test_the_method_that_would_do_is_told() -> None:
    answer = invoke("webhook", request(method="PUT"), installation())
    assert answer["headers"]["Allow"] == "POST"


def test_another_event_source() -> None:
    event = request()
    event["pathParameters"]["source"] = "other"
    assert invoke("webhook", event, installation())["statusCode"] == 404


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "text/plain", "application/octet-stream", "nonsense", "application/xml; charset=x"],
)
@pytest.mark.parametrize("body", ['{"a": "é"}', '{"a": "é"}'.encode()])
def test_json_of_any_content_type_and_transport(content_type: str, body: str | bytes) -> None:
    made = installation()
    event = request(body=body)
    event["headers"]["Content-Type"] = content_type
    event["multiValueHeaders"]["Content-Type"] = [content_type]
    assert invoke("webhook", event, made)["statusCode"] == 200
    assert payload(made)["body"] == {"a": "é"}


def test_a_form() -> None:
    made = installation()
    event = request(body="a=1&a=2&b=x%20y")
    event["multiValueHeaders"]["Content-Type"] = ["application/x-www-form-urlencoded"]
    assert invoke("webhook", event, made)["statusCode"] == 200
    assert payload(made)["body"] == {"a": ["1", "2"], "b": ["x y"]}


def test_a_query() -> None:
    made = installation()
    event = request("a/b", method="GET", body=None)
    event["queryStringParameters"] = {"a": "2", "b": "x y&z"}
    event["multiValueQueryStringParameters"] = {"a": ["1", "2"], "b": ["x y&z"]}
    assert invoke("webhook", event, made)["statusCode"] == 200
    assert payload(made)["body"] == {"a": ["1", "2"], "b": ["x y&z"]}


def test_headers_given_more_than_once() -> None:
    made = installation()
    event = request()
    event["multiValueHeaders"]["X-Twice"] = ["1", "2"]
    invoke("webhook", event, made)
    assert payload(made)["header"]["X-Twice"] == ["1", "2"]


@pytest.mark.parametrize("body", ["[" * depth + "]" * depth for depth in (300, 900, 10_000)] + ['"\\ud800"', "1e999"])
def test_odd_bodies_are_no_defect(body: str) -> None:
    made = installation()
    assert invoke("webhook", request(body=body), made)["statusCode"] == 200
    assert len(made.events()) == 1


def test_an_event_that_cannot_be_stored_is_not_acknowledged() -> None:
    class Full(FakeQueue):
        """Takes nothing."""

        def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
            raise Unavailable("no space left on /secret/path")

    clock = FakeClock()
    answer = invoke("webhook", request(), installation(clock=clock, queue=Full(QUEUES, clock)))
    assert answer["statusCode"] == 500
    assert "send it again" in answer["body"]
    assert "/secret/path" not in json.dumps(answer)


def test_a_body_nested_deeper_than_go_reads_is_no_json() -> None:
    made = installation()
    assert invoke("webhook", request(body="[" * 10_001 + "]" * 10_001), made)["statusCode"] == 400
    assert made.events() == []
