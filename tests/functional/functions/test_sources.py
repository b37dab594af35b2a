"""Functions `sqs` and `sources`: what AWS sends becomes events, once, and what is not ours fails alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.ports.wiring import Place
from argosy.services.queues import SOURCES
from support.events import event_source
from support.functions import batch, failed, invoke, recorded
from support.services import FakeInstallation

PLACE = Place("aws", "eu-central-1", "123456789012", "it", ("*",))
SQS = {"region": "eu-central-1", "queue": "orders", "jsonBody": True}
HOOK = {"endpoint": "/", "port": "12000"}
SNS = {"region": "eu-central-1", "topicArn": "arn:aws:sns:eu-central-1:123456789012:orders", "webhook": HOOK}
REF = {"name": "n", "key": "k"}
S3 = {"endpoint": "s3.amazonaws.com", "bucket": {"name": "orders"}, "accessKey": REF, "secretKey": REF}


def installation(*sources: tuple[str, dict[str, Any]]) -> FakeInstallation:
    made = FakeInstallation(place=PLACE)
    for name, spec in sources:
        made.apply(event_source(spec, name=name, namespace="argo-events"))
    return made


def events(made: FakeInstallation) -> list[dict[str, Any]]:
    return [body["event"] for body in made.events()]


def test_a_message_of_a_queue() -> None:
    made = installation(("sqs", {"sqs": {"example": SQS}}))
    assert failed(invoke("sqs", recorded("sqs"), made)) == []
    (event,) = events(made)
    assert (event["source"], event["subject"], event["type"]) == ("sqs", "example", "sqs")
    assert json.loads(event["data"])["body"] == {"message": "hello", "id": "a-1"}


def test_a_message_that_is_delivered_again_is_the_same_event() -> None:
    made = installation(("sqs", {"sqs": {"example": SQS}}))
    invoke("sqs", recorded("sqs"), made)
    invoke("sqs", recorded("sqs"), made)
    first, second = events(made)
    assert first["id"] == second["id"]


def test_every_event_source_of_a_queue_gets_the_message() -> None:
    filtered = {**SQS, "filter": {"expression": 'body.message == "bye"'}}
    made = installation(("a", {"sqs": {"x": SQS}}), ("b", {"sqs": {"y": SQS, "z": filtered}}))
    assert failed(invoke("sqs", recorded("sqs"), made)) == []
    found = events(made)
    assert [(each["source"], each["subject"]) for each in found] == [("a", "x"), ("b", "y")]
    assert len({each["id"] for each in found}) == 2


def test_a_queue_that_nobody_names_keeps_its_messages() -> None:
    assert failed(invoke("sqs", batch("sqs", ["{}"]), installation())) == ["m0"]


@pytest.mark.parametrize(("dlq", "kept"), [(False, []), (True, ["m0"])])
def test_a_body_that_is_not_json(dlq: bool, kept: list[str]) -> None:
    made = installation(("sqs", {"sqs": {"example": {**SQS, "dlq": dlq}}}))
    assert failed(invoke("sqs", batch("sqs", ["no json", '{"a": 1}']), made)) == kept
    assert len(events(made)) == 1


def test_topics_buckets_and_buses() -> None:
    made = installation(
        ("sns", {"sns": {"example": SNS}}),
        ("minio", {"minio": {"example": S3}}),
        ("bus", {"eventBridge": {"example": {"pattern": {"source": ["aws.ec2"]}}}}),
    )
    assert failed(invoke("sources", recorded("sources"), made)) == []
    found = {each["type"]: json.loads(each["data"]) for each in events(made)}
    assert found["sns"]["body"]["Message"] == "Hello world!"
    assert found["minio"]["notification"][0]["s3"]["object"]["key"] == "in/a 1.csv"
    assert found["eventBridge"]["detail"]["state"] == "pending"


def test_what_nobody_declares_any_more_is_dropped() -> None:
    made = installation()
    assert failed(invoke("sources", recorded("sources"), made)) == []
    assert events(made) == []


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", "{}", '{"argosyEntry": "a/b/c"}', '{"argosyEntry": 7, "event": {"id": "x"}}']
)
def test_what_is_not_ours_is_set_aside_alone(body: str) -> None:
    made = installation(("sns", {"sns": {"example": SNS}}))
    note = recorded("sources")["Records"][0]["body"]
    assert failed(invoke("sources", batch("sources", [body, note]), made)) == []
    assert [kept for kept, _, _ in made.set_aside(SOURCES)] == [body]
    assert len(events(made)) == 1


def test_a_bucket_event_that_is_none() -> None:
    made = installation(("minio", {"minio": {"example": S3}}))
    body = json.dumps({"argosyEntry": "argo-events/minio/example", "event": {"id": "x", "detail": {}}})
    assert failed(invoke("sources", batch("sources", [body]), made)) == []
    ((_, _, reason),) = made.set_aside(SOURCES)
    assert "not an event of a bucket" in reason


def test_the_wiring_function() -> None:
    made = installation(("sqs", {"sqs": {"example": SQS}}))
    assert failed(invoke("reconcile_source", recorded("reconcile_source"), made)) == []
    assert [wire.source for wire in made.wiring.wires.values()] == ["arn:aws:sqs:eu-central-1:123456789012:orders"]
    assert failed(invoke("reconcile_source", batch("reconcile_source", ["{}"]), made)) == ["m0"]
