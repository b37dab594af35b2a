"""Wiring: what is declared is connected, what no longer is is not, and what cannot be says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from argosy.errors import EvaluationError, NotFound, Unavailable
from argosy.ports.wiring import Place
from argosy.services.objects import WIRING
from argosy.services.queues import RECONCILE_SOURCE
from argosy.services.status import with_status
from argosy.services.wiring import handle_wake, wiring_loop
from support.events import event_source
from support.services import FakeInstallation

QUEUE = "arn:aws:sqs:eu-central-1:1:orders"
TOPIC = "arn:aws:sns:eu-central-1:1:orders"
BUS = "arn:aws:events:eu-central-1:1:event-bus/default"
ALLOWED = (QUEUE, TOPIC, BUS, "arn:aws:s3:::orders")
PLACE = Place("aws", "eu-central-1", "1", "it", ALLOWED)
SQS = {"region": "eu-central-1", "queue": "orders"}
HOOK = {"endpoint": "/", "port": "12000"}
SNS = {"region": "eu-central-1", "topicArn": TOPIC, "webhook": HOOK}
REF = {"name": "n", "key": "k"}
S3 = {"endpoint": "s3.amazonaws.com", "bucket": {"name": "orders"}, "accessKey": REF, "secretKey": REF}
RULE = {"pattern": {"source": ["aws.ec2"]}}


def installation(place: Place = PLACE) -> FakeInstallation:
    return FakeInstallation(place=place)


def wire(made: FakeInstallation) -> int:
    """Handle the wakes that wait; how many there were."""
    deliveries = made.runtime.queue.receive(RECONCILE_SOURCE, 10)
    made.runtime.queue.delete(RECONCILE_SOURCE, [each.handle for each in deliveries])
    for delivery in deliveries:
        handle_wake(made.runtime, delivery.body)
    return len(deliveries)


def status(made: FakeInstallation, name: str = "hook") -> dict[str, Any]:
    body = made.runtime.objects.get("EventSource", "ns", name)
    return {each["type"]: each for each in with_status(made.runtime.store, body)["status"]["conditions"]}


@pytest.mark.parametrize(
    ("spec", "kind", "source"),
    [
        ({"sqs": {"e": SQS}}, "sqs", QUEUE),
        ({"sns": {"e": SNS}}, "sns", TOPIC),
        ({"minio": {"e": S3}}, "rule", BUS),
        ({"eventBridge": {"e": RULE}}, "rule", BUS),
    ],
)
def test_applying_connects_and_deleting_disconnects(spec: dict[str, Any], kind: str, source: str) -> None:
    made = installation()
    made.apply(event_source(spec))
    assert wire(made) == 1
    (found,) = made.wiring.wires.values()
    assert (found.kind, found.source) == (kind, source)
    assert status(made)["SourcesProvided"]["status"] == "True"
    made.runtime.objects.delete([("EventSource", "ns", "hook")])
    assert wire(made) == 1
    assert made.wiring.wires == {}


def test_a_rule_names_its_entry_and_carries_its_pattern() -> None:
    made = installation()
    made.apply(event_source({"eventBridge": {"e": RULE}}))
    wire(made)
    (found,) = made.wiring.wires.values()
    assert found.entry == "ns/hook/e"
    assert found.pattern == '{"source":["aws.ec2"]}'
    assert found.name.startswith("argosy-it-")
    assert len(found.name) <= 64


def test_two_event_sources_share_a_queue() -> None:
    made = installation()
    made.apply(event_source({"sqs": {"e": SQS}}, name="one"), event_source({"sqs": {"e": SQS}}, name="two"))
    wire(made)
    assert len(made.wiring.wires) == 1
    made.runtime.objects.delete([("EventSource", "ns", "one")])
    wire(made)
    assert len(made.wiring.wires) == 1
    made.runtime.objects.delete([("EventSource", "ns", "two")])
    wire(made)
    assert made.wiring.wires == {}


def test_nothing_is_done_twice() -> None:
    made = installation()
    made.apply(event_source({"sqs": {"e": SQS}}))
    wire(made)
    calls = list(made.wiring.calls)
    made.apply(event_source({"sqs": {"e": SQS}}))
    assert wire(made) == 0, "unchanged"
    made.apply(event_source({"sqs": {"e": {**SQS, "jsonBody": True}}}))
    assert wire(made) == 1
    assert made.wiring.calls == calls


@pytest.mark.parametrize(
    ("spec", "allowed", "said"),
    [
        ({"sqs": {"e": SQS}}, (), f"{QUEUE} is not among the stack's AllowedSourceArns"),
        ({"minio": {"e": S3}}, (BUS,), "arn:aws:s3:::orders is not among the stack's AllowedSourceArns"),
        ({"sqs": {"e": {**SQS, "region": "us-east-1"}}}, ("*",), "the queue is in us-east-1"),
    ],
)
def test_what_may_not_be_connected_says_so(spec: dict[str, Any], allowed: tuple[str, ...], said: str) -> None:
    made = installation(replace(PLACE, allowed=allowed))
    made.apply(event_source(spec))
    wire(made)
    assert made.wiring.wires == {}
    condition = status(made)["SourcesProvided"]
    assert condition["status"] == "False"
    assert said in condition["message"]


def test_what_fails_says_so_and_is_tried_again_and_stops_nothing_else() -> None:
    made = installation()
    made.wiring.problems[QUEUE] = NotFound(f"{QUEUE}: the queue is not there")
    made.apply(event_source({"sqs": {"e": SQS}, "sns": {"f": SNS}}))
    wire(made)
    assert [found.source for found in made.wiring.wires.values()] == [TOPIC]
    assert "the queue is not there" in status(made)["SourcesProvided"]["message"]
    made.wiring.problems.clear()
    made.clock.advance(60)
    made.runtime.ticker.tick()
    assert wire(made) == 1
    assert len(made.wiring.wires) == 2
    assert status(made)["SourcesProvided"]["status"] == "True"


def test_what_cannot_be_disconnected_is_tried_again() -> None:
    made = installation()
    made.apply(event_source({"sqs": {"e": SQS}}))
    wire(made)
    made.wiring.problems[QUEUE] = NotFound("not now")
    made.runtime.objects.delete([("EventSource", "ns", "hook")])
    wire(made)
    assert len(made.wiring.wires) == 1
    made.wiring.problems.clear()
    made.clock.advance(60)
    made.runtime.ticker.tick()
    wire(made)
    assert made.wiring.wires == {}


def test_a_crash_between_the_row_and_the_connection_is_made_good() -> None:
    made = installation()
    made.apply(event_source({"sqs": {"e": SQS}}))
    made.wiring.problems[QUEUE] = RuntimeError("killed")  # type: ignore[assignment]  # no error of ours: a crash
    with pytest.raises(RuntimeError):
        wire(made)
    made.wiring.problems.clear()
    wiring_loop(made.runtime).run(WIRING)
    assert len(made.wiring.wires) == 1


def test_what_is_refused_and_cannot_be_disconnected_stops_nothing_else() -> None:
    made = installation()
    made.apply(event_source({"sqs": {"e": SQS}}, name="one"))
    wire(made)
    barred = FakeInstallation(place=replace(PLACE, allowed=(TOPIC,)), store=made.runtime.store, wiring=made.wiring)
    barred.apply(event_source({"sns": {"f": SNS}}, name="two"))
    made.wiring.problems[QUEUE] = Unavailable("not now")
    assert wire(barred) == 1
    assert sorted(found.source for found in made.wiring.wires.values()) == [TOPIC, QUEUE]
    said = status(barred, "one")["SourcesProvided"]["message"]
    assert "AllowedSourceArns" in said
    assert "still connected, because removing it failed: not now" in said
    made.wiring.problems.clear()
    barred.clock.advance(60)
    barred.runtime.ticker.tick()
    assert wire(barred) == 1
    assert [found.source for found in made.wiring.wires.values()] == [TOPIC]
    assert "still connected" not in status(barred, "one")["SourcesProvided"]["message"]


@pytest.mark.parametrize("body", ["{}", "", '{"wake": "event-sources"}', '{"wake": "c/apps/Deployment/ns/a"}'])
def test_what_is_no_wake(body: str) -> None:
    with pytest.raises(EvaluationError, match="not a wake"):
        handle_wake(installation().runtime, body)


def test_a_wake_of_what_nobody_knows_is_not_sent_for_ever() -> None:
    made = installation()
    assert made.runtime.wakes is not None
    made.runtime.wakes.wake("event-sources")
    with pytest.raises(EvaluationError):
        wire(made)
    made.clock.advance(120)
    made.runtime.ticker.tick()
    assert wire(made) == 0
