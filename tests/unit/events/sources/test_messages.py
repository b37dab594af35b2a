"""What messages of brokers and changes of files become; the full table is the shared family `events/event-payload`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources import messages, watched
from argosy.resources.base import parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest


def entry(kind: str, **fields: Any) -> Any:
    return parse(EventSource, Manifest({"spec": {kind: {"x": fields}}})).spec.of(kind)["x"]


def made(kind: str, message: dict[str, Any], **fields: Any) -> Any:
    return json.loads(messages.payload(kind, entry(kind, **fields), message))


@pytest.mark.parametrize(
    ("kind", "message", "fields", "expected"),
    [
        ("redis", {"channel": "c", "payload": b"\xff"}, {}, {"channel": "c", "pattern": "", "body": "\ufffd"}),
        (
            "redisStream",
            {"stream": "s", "id": "1-0", "values": {"a": "b"}},
            {},
            {"stream": "s", "message_id": "1-0", "values": {"a": "b"}},
        ),
        (
            "nats",
            {"subject": "s", "data": b"1", "header": {"A": ["b"]}},
            {"jsonBody": True},
            {"subject": "s", "header": {"A": ["b"]}, "body": 1},
        ),
        ("azureEventsHub", {"messageID": "m", "body": b"1"}, {}, {"id": "m", "partitionKey": "", "body": "MQ=="}),
        ("generic", {"payload": b"x"}, {"metadata": {"k": "v"}}, {"body": "eA==", "metadata": {"k": "v"}}),
        ("mns", {"messageId": "m", "messageBody": b"x"}, {}, {"messageId": "m", "body": "x"}),
    ],
)
def test_a_message(kind: str, message: dict[str, Any], fields: dict[str, Any], expected: Any) -> None:
    assert made(kind, message, **fields) == expected


def test_what_is_missing_has_its_place() -> None:
    found = made("amqp", {"body": b"x"})
    assert (found["deliveryMode"], found["routingKey"], found["body"]) == (0, "", "eA==")
    assert made("kafka", {"value": b"x"})["headers"] == {}


@pytest.mark.parametrize(
    ("kind", "message", "fields"),
    [
        ("kafka", {"value": b"x"}, {"jsonBody": True}),
        ("azureQueueStorage", {"messageText": b"!"}, {"decodeMessage": True}),
    ],
)
def test_a_body_that_is_not_what_it_should_be(kind: str, message: dict[str, Any], fields: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError):
        made(kind, message, **fields)


@pytest.mark.parametrize(
    ("name", "operation", "wanted"),
    [
        ("/d/x.txt", "CREATE", True),
        ("/d/x.txt", "WRITE", False),
        ("/d/y.txt", "CREATE", False),
        ("/dx.txt", "CREATE", False),
    ],
)
def test_a_change_of_a_file(name: str, operation: str, wanted: bool) -> None:
    watching = {"eventType": "CREATE", "watchPathConfig": {"directory": "/d/", "path": "x.txt"}}
    assert watched.wants(entry("file", **watching), name, operation) == wanted
    found = json.loads(watched.payload(entry("file", **watching, metadata={"a": "b"}), name, "CREATE|CHMOD|OTHER"))
    assert found == {"name": name, "op": 17, "metadata": {"a": "b"}}
