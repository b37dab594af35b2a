"""Connections to queues, topics and event buses, made and removed as often as one likes."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.wiring import AwsWiring
from argosy.errors import ArgosyError, Conflict, Denied, NotFound, Permanent, Unavailable
from argosy.ports.wiring import Wire
from support.aws import REGION
from support.aws import Wire as Line

ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:sqs"
SOURCES = f"arn:aws:sqs:{REGION}:{ACCOUNT}:sources"
ORDERS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
PATTERN = json.dumps({"source": ["aws.s3"]})
RULE = "argosy-it-0123456789abcdef01234567"
TAGS = {"argosy:stage": "it"}

QUEUE_WIRE = Wire("sqs", ORDERS)
TOPIC_WIRE = Wire("sns", TOPIC)
RULE_WIRE = Wire("rule", BUS, RULE, PATTERN, "ns/source/event")
WIRES = [QUEUE_WIRE, TOPIC_WIRE, RULE_WIRE]


@pytest.fixture
def wiring(clients: Clients) -> AwsWiring:
    """With everything there that is to be connected."""
    for name in ("orders", "sources"):
        clients.sqs.create_queue(QueueName=name)
    clients.sns.create_topic(Name="topic")
    make_function(clients)
    return AwsWiring(clients, FUNCTION, SOURCES, TAGS)


def make_function(clients: Clients) -> None:
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]})
    role = clients.regional("iam", REGION).create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    clients.lambda_.create_function(
        FunctionName="sqs", Role=role, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code.getvalue()}
    )


def mappings(clients: Clients) -> list[dict[str, Any]]:
    return [dict(one) for one in clients.lambda_.list_event_source_mappings()["EventSourceMappings"]]


def subscriptions(clients: Clients) -> list[tuple[str, str]]:
    found = clients.sns.list_subscriptions()["Subscriptions"]
    return [(one["TopicArn"], one["Endpoint"]) for one in found]


def rules(clients: Clients) -> list[str]:
    return [rule["Name"] for rule in clients.events.list_rules()["Rules"]]


def connected(clients: Clients) -> int:
    return len(mappings(clients)) + len(subscriptions(clients)) + len(rules(clients))


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.kind)
@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_is_made_once_and_removed(clients: Clients, wiring: AwsWiring, wire: Wire, times: int) -> None:
    for _ in range(times):
        wiring.connect(wire)
    assert connected(clients) == 1
    for _ in range(times):
        wiring.disconnect(wire)
    assert connected(clients) == 0
    wiring.connect(wire)
    assert connected(clients) == 1


def test_a_mapping(clients: Clients, wiring: AwsWiring) -> None:
    line = Line(clients.lambda_)
    wiring.connect(QUEUE_WIRE)
    (mapping,) = mappings(clients)
    assert (mapping["EventSourceArn"], mapping["FunctionArn"]) == (ORDERS, FUNCTION)
    (made,) = [request for request in line.requests if "BatchSize" in request]
    assert made["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert made["ScalingConfig"] == {"MaximumConcurrency": 10}
    assert made["Tags"] == TAGS


def test_a_subscription(clients: Clients, wiring: AwsWiring) -> None:
    wiring.connect(TOPIC_WIRE)
    assert subscriptions(clients) == [(TOPIC, SOURCES)]


def test_others_subscriptions_stay(clients: Clients, wiring: AwsWiring) -> None:
    clients.sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=ORDERS)
    wiring.connect(TOPIC_WIRE)
    wiring.disconnect(TOPIC_WIRE)
    assert subscriptions(clients) == [(TOPIC, ORDERS)]


def test_a_subscription_among_many(clients: Clients, wiring: AwsWiring) -> None:
    """SNS lists a hundred at a time."""
    for number in range(120):
        clients.sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"{ORDERS}-{number}")
    wiring.connect(TOPIC_WIRE)
    wiring.disconnect(TOPIC_WIRE)
    pages = clients.sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=TOPIC)
    endpoints = [one["Endpoint"] for page in pages for one in page["Subscriptions"]]
    assert len(endpoints) == 120
    assert SOURCES not in endpoints


def test_a_topic_of_another_region_is_asked_there(clients: Clients, wiring: AwsWiring) -> None:
    far = clients.regional("sns", "us-west-2")
    topic = far.create_topic(Name="far")["TopicArn"]
    wiring.connect(Wire("sns", topic))
    assert [one["Endpoint"] for one in far.list_subscriptions()["Subscriptions"]] == [SOURCES]
    wiring.disconnect(Wire("sns", topic))
    assert far.list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize("entry", ["ns/source/event", 'ns/source/a "quoted" \\ event', "ns/source/" + "x" * 600])
def test_a_rule(clients: Clients, wiring: AwsWiring, entry: str) -> None:
    line = Line(clients.events)
    wiring.connect(Wire("rule", BUS, RULE, PATTERN, entry))
    rule = clients.events.describe_rule(Name=RULE)
    assert json.loads(rule["EventPattern"]) == {"source": ["aws.s3"]}
    assert rule["Description"] == f"Argosy event source {entry}"[:512]
    (target,) = clients.events.list_targets_by_rule(Rule=RULE)["Targets"]
    assert target["Arn"] == SOURCES
    template = target["InputTransformer"]["InputTemplate"].replace("<aws.events.event.json>", '{"id": "e"}')
    assert json.loads(template) == {"argosyEntry": entry, "event": {"id": "e"}}
    assert line.requests[0]["Tags"] == [{"Key": "argosy:stage", "Value": "it"}]


def test_a_rule_is_brought_up_to_date(clients: Clients, wiring: AwsWiring) -> None:
    wiring.connect(RULE_WIRE)
    wiring.connect(Wire("rule", BUS, RULE, json.dumps({"source": ["aws.ec2"]}), "ns/source/event"))
    assert json.loads(clients.events.describe_rule(Name=RULE)["EventPattern"]) == {"source": ["aws.ec2"]}
    assert len(clients.events.list_targets_by_rule(Rule=RULE)["Targets"]) == 1


def test_a_rule_on_a_bus_of_its_own(clients: Clients, wiring: AwsWiring) -> None:
    bus = clients.events.create_event_bus(Name="shop")["EventBusArn"]
    wiring.connect(Wire("rule", bus, RULE, PATTERN, "ns/source/event"))
    assert [rule["Name"] for rule in clients.events.list_rules(EventBusName="shop")["Rules"]] == [RULE]
    assert rules(clients) == []
    wiring.disconnect(Wire("rule", bus, RULE, PATTERN, "ns/source/event"))
    assert clients.events.list_rules(EventBusName="shop")["Rules"] == []


def test_a_rule_without_its_target_is_no_connection(clients: Clients, wiring: AwsWiring) -> None:
    """EventBridge tells of a target that it did not take in an answer of status 200."""
    failed = {"TargetId": "argosy", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "at once"}
    Line(clients.events).instead("PutTargets", {"FailedEntryCount": 1, "FailedEntries": [failed]})
    with pytest.raises(Unavailable, match=r"at once \(ConcurrentModificationException\)"):
        wiring.connect(RULE_WIRE)


# What is not there


@pytest.mark.parametrize(
    "wire", [TOPIC_WIRE, Wire("rule", BUS[:-7] + "gone", RULE, PATTERN, "e")], ids=lambda w: w.kind
)
def test_a_source_that_is_not_there(clients: Clients, wiring: AwsWiring, wire: Wire) -> None:
    clients.sns.delete_topic(TopicArn=TOPIC)
    with pytest.raises(NotFound, match=wire.source):
        wiring.connect(wire)
    wiring.disconnect(wire)


def test_a_queue_that_is_not_there(clients: Clients, wiring: AwsWiring) -> None:
    """Lambda calls it an invalid parameter."""
    Line(clients.lambda_).answer("CreateEventSourceMapping", 400, "InvalidParameterValueException")
    with pytest.raises(Permanent, match=ORDERS):
        wiring.connect(QUEUE_WIRE)


def test_a_queue_that_went_away(clients: Clients, wiring: AwsWiring) -> None:
    wiring.connect(QUEUE_WIRE)
    clients.sqs.delete_queue(QueueUrl=clients.sqs.get_queue_url(QueueName="orders")["QueueUrl"])
    wiring.disconnect(QUEUE_WIRE)
    assert mappings(clients) == []


def test_a_mapping_that_somebody_else_removes_at_the_same_time(clients: Clients, wiring: AwsWiring) -> None:
    wiring.connect(QUEUE_WIRE)
    Line(clients.lambda_).answer("DeleteEventSourceMapping", 404, "ResourceNotFoundException")
    wiring.disconnect(QUEUE_WIRE)


def test_a_mapping_that_is_being_removed_is_none(clients: Clients, wiring: AwsWiring) -> None:
    line = Line(clients.lambda_)
    going = {"UUID": "u", "State": "Deleting", "EventSourceArn": ORDERS}
    line.instead("ListEventSourceMappings", {"EventSourceMappings": [going]}, times=2)
    wiring.disconnect(QUEUE_WIRE)
    wiring.connect(QUEUE_WIRE)
    assert line.calls["DeleteEventSourceMapping"] == 0
    assert line.calls["CreateEventSourceMapping"] == 1


@pytest.mark.parametrize(
    ("wire", "operation", "status", "code", "kind"),
    [
        (QUEUE_WIRE, "CreateEventSourceMapping", 409, "ResourceConflictException", Conflict),
        (QUEUE_WIRE, "CreateEventSourceMapping", 403, "AccessDeniedException", Denied),
        (QUEUE_WIRE, "ListEventSourceMappings", 429, "TooManyRequestsException", Unavailable),
        (RULE_WIRE, "PutRule", 400, "AccessDeniedException", Denied),
        (RULE_WIRE, "PutTargets", 400, "LimitExceededException", Unavailable),
        (RULE_WIRE, "PutRule", 400, "InvalidEventPatternException", Permanent),
        (RULE_WIRE, "PutRule", 500, "InternalException", Unavailable),
    ],
)
def test_what_aws_refuses(
    clients: Clients, wiring: AwsWiring, wire: Wire, operation: str, status: int, code: str, kind: type[ArgosyError]
) -> None:
    client = clients.lambda_ if wire.kind == "sqs" else clients.events
    Line(client).answer(operation, status, code, times=3)
    with pytest.raises(kind, match=wire.source) as caught:
        wiring.connect(wire)
    assert type(caught.value) is kind


@pytest.mark.parametrize("source", ["", "topic", "arn:aws:sns", "arn:aws:sns:eu-central-1"])
def test_a_topic_that_is_no_arn(wiring: AwsWiring, source: str) -> None:
    """A pattern such as `*` lets it pass."""
    with pytest.raises(Permanent, match="is not an ARN"):
        wiring.connect(Wire("sns", source))
    wiring.disconnect(Wire("sns", source))
