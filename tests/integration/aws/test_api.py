"""The API function on the stack with what is large: objects beyond a row, events beyond a message, answers beyond Lambda."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.awsflow import REGION, Apply, Template, hook
from support.events import dependency, sensor, trigger
from support.localstack import LocalStack, Stack
from support.up import Sink

API = "/api/v1"


@pytest.fixture
def ask(localstack: LocalStack, stack: Stack) -> Any:
    """Send a signed request and read the answer, wherever it lies."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        environment = localstack.environment
        keys = Credentials(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
        data = json.dumps(body).encode() if body is not None else None
        request = AWSRequest(method, stack.url(API + path), {"Content-Type": "application/json"}, data)
        SigV4Auth(keys, "execute-api", REGION).add_auth(request)
        sent = urllib.request.Request(str(request.url), data, dict(request.headers), method=method)
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return json.loads(answer.read())

    return ask


def noise(seed: int, kilobytes: int) -> str:
    """Text that cannot be compressed to less than half."""
    rows = (hashlib.sha256(f"{seed}/{number}".encode()).hexdigest() for number in range(kilobytes * 16))
    return "".join(rows)


def heavy(seed: int, kilobytes: int) -> dict[str, Any]:
    body = hook(f"heavy-{seed}", "/")
    body["metadata"] = {**body["metadata"], "namespace": "api", "annotations": {"noise": noise(seed, kilobytes)}}
    return body


def test_objects_beyond_a_row_and_answers_beyond_lambda(ask: Any) -> None:
    made = [heavy(seed, 1_500) for seed in range(4)]
    for body in made:
        assert ask("POST", "/objects", {"manifests": [body]})
    one = ask("GET", "/objects/eventsources/api/heavy-0")
    assert one["metadata"]["annotations"] == made[0]["metadata"]["annotations"]
    listed = ask("GET", "/objects/eventsources?namespace=api")["items"]
    assert [each["metadata"]["annotations"] for each in listed] == [each["metadata"]["annotations"] for each in made]
    for body in made:
        ask("DELETE", f"/objects/eventsources/api/{body['metadata']['name']}")
    assert ask("GET", "/objects/eventsources?namespace=api")["items"] == []


def test_an_event_beyond_a_message(ask: Any, apply: Apply, sink: Sink, to_sink: Template) -> None:
    apply(hook("sent", "/"), sensor([trigger(http=to_sink("/sent"))], [dependency("dep", source="sent")], name="sent"))
    text = noise(9, 300)
    event = {"namespace": "ns", "source": "sent", "event": "example", "data": {"body": {"text": text}}}
    ask("POST", "/events", event)
    assert sink.wait("sent")[0].body == {"got": {"text": text}}
