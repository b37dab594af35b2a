"""Triggers towards SNS, EventBridge and Step Functions; what they send arrives in a queue."""

from __future__ import annotations

import json
from typing import Any

from support.awsflow import REGION, Apply, hook, post
from support.events import dependency, sensor, trigger
from support.localstack import Stack

ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"
PAYLOAD = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]


def queue(stack: Stack, name: str) -> tuple[str, str]:
    return stack.client("sqs").create_queue(QueueName=name)["QueueUrl"], f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def arrived(stack: Stack, url: str) -> Any:
    (message,) = stack.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    return json.loads(message["Body"])


def test_a_topic_a_bus_and_a_state_machine(stack: Stack, apply: Apply) -> None:
    from_topic, topic_queue = queue(stack, "from-topic")
    from_bus, bus_queue = queue(stack, "from-bus")
    from_machine, _ = queue(stack, "from-machine")
    topic = stack.client("sns").create_topic(Name="target")["TopicArn"]
    stack.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=topic_queue)
    events = stack.client("events")
    events.create_event_bus(Name="target")
    events.put_rule(Name="all", EventBusName="target", EventPattern='{"source": ["argosy.test"]}')
    events.put_targets(Rule="all", EventBusName="target", Targets=[{"Id": "q", "Arn": bus_queue}])
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Parameters": {"QueueUrl": from_machine, "MessageBody.$": "$"},
        "End": True,
    }
    machine = stack.client("stepfunctions").create_state_machine(
        name="target", roleArn=ROLE, definition=json.dumps({"StartAt": "Send", "States": {"Send": send}})
    )["stateMachineArn"]
    targets: dict[str, dict[str, Any]] = {
        "sns": {"topicArn": topic},
        "eventBridge": {"busName": "target", "source": "argosy.test", "detailType": "sold"},
        "stepFunctions": {"stateMachineArn": machine},
    }
    triggers = [trigger(kind, aws={kind: {**target, "payload": PAYLOAD}}) for kind, target in targets.items()]
    apply(hook("targets", "/"), sensor(triggers, [dependency("dep", source="targets")], name="targets"))

    assert post(stack, "ns/targets", {"id": "7"}) == 200
    assert json.loads(arrived(stack, from_topic)["Message"]) == {"id": "7"}
    told = arrived(stack, from_bus)
    assert (told["source"], told["detail-type"], told["detail"]) == ("argosy.test", "sold", {"id": "7"})
    assert arrived(stack, from_machine) == {"id": "7"}
