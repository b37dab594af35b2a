"""Event source `sqs`: payloads as the Go SDK writes them, and which queue an entry names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.events.sources.sqs import payload, reads
from argosy.resources.eventsource import SqsSource


def recorded(name: str) -> Any:
    return json.loads((Path(__file__).parents[4] / "events" / f"{name}.json").read_text())


def entry(**more: Any) -> SqsSource:
    return SqsSource.model_validate({"region": "eu-central-1", "queue": "orders", **more})


def test_a_recorded_message() -> None:
    (record,) = recorded("sqs")["Records"]
    kind = {"DataType": "String", "StringValue": "new", "BinaryValue": None}
    assert json.loads(payload(entry(jsonBody=True, metadata={"k": "v"}), record)) == {
        "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
        "messageAttributes": {"kind": {**kind, "BinaryListValues": None, "StringListValues": None}},
        "body": {"message": "hello", "id": "a-1"},
        "metadata": {"k": "v"},
    }


@pytest.mark.parametrize(
    ("body", "as_json", "shown"), [("hello", False, "aGVsbG8="), ("", False, ""), (' {"a": 1} ', True, {"a": 1})]
)
def test_bodies(body: str, as_json: bool, shown: Any) -> None:
    got = json.loads(payload(entry(jsonBody=as_json), {"messageId": "m", "body": body}))
    assert got == {"messageId": "m", "messageAttributes": None, "body": shown}


@pytest.mark.parametrize("body", ["hello", "", "{"])
def test_a_body_that_should_be_json(body: str) -> None:
    with pytest.raises(EvaluationError, match="not JSON"):
        payload(entry(jsonBody=True), {"messageId": "m", "body": body})


@pytest.mark.parametrize(
    ("arn", "more", "named"),
    [
        ("arn:aws:sqs:eu-central-1:1:orders", {}, True),
        ("arn:aws:sqs:eu-central-1:1:orders", {"queueAccountId": "1"}, True),
        ("arn:aws:sqs:eu-central-1:1:orders", {"queueAccountId": "2"}, False),
        ("arn:aws:sqs:us-east-1:1:orders", {}, False),
        ("arn:aws:sqs:eu-central-1:1:orders2", {}, False),
    ],
)
def test_which_queue_is_named(arn: str, more: dict[str, Any], named: bool) -> None:
    assert reads(entry(**more), arn) is named
