"""Trigger `aws`."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.events.effects import SendToAws, effect_from_json, effect_to_json
from argosy.resources.manifests import Manifest
from argosy.services.objects import check
from support.events import NOW, compiled, event, sensor, trigger

PAYLOAD = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]
TOPIC, QUEUE = "arn:aws:sns:eu-central-1:1:t", "arn:aws:sqs:eu-central-1:1:q.fifo"
MACHINE = "arn:aws:states:eu-central-1:1:stateMachine:m"


@pytest.mark.parametrize(
    ("spec", "effect"),
    [
        ({"sns": {"topicArn": TOPIC}}, SendToAws("sns", TOPIC, '{"id":"7"}')),
        ({"sqs": {"queueArn": QUEUE, "groupId": "g"}}, SendToAws("sqs", QUEUE, '{"id":"7"}', "g")),
        (
            {"eventBridge": {"source": "argosy", "detailType": "fired"}},
            SendToAws("eventBridge", "default", '{"id":"7"}', "", "argosy", "fired"),
        ),
        (
            {"eventBridge": {"busName": "b", "source": "argosy", "detailType": "fired"}},
            SendToAws("eventBridge", "b", '{"id":"7"}', "", "argosy", "fired"),
        ),
        ({"stepFunctions": {"stateMachineArn": MACHINE}}, SendToAws("stepFunctions", MACHINE, '{"id":"7"}')),
    ],
)
def test_what_is_sent(spec: dict[str, Any], effect: SendToAws) -> None:
    ((name, target),) = spec.items()
    made = compiled(sensor([trigger(aws={name: {**target, "payload": PAYLOAD}})]))
    occurred = event({"body": {"id": "7"}})
    (match,) = made.match(occurred)
    got = made.fire(match.trigger, {"dep": occurred}, NOW).effect  # type: ignore[union-attr]  # nothing is dropped
    assert got == effect
    assert effect_from_json(effect_to_json(effect)) == effect


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "template.aws"),
        ({"sns": {"topicArn": TOPIC, "payload": []}, "sqs": {"queueArn": QUEUE, "payload": []}}, "template.aws"),
        ({"sns": {"payload": []}}, "template.aws.sns.topicArn"),
        ({"sqs": {"payload": []}}, "template.aws.sqs.queueArn"),
        ({"sqs": {"queueArn": QUEUE}}, "template.aws.sqs.payload"),
        ({"eventBridge": {"source": "s", "payload": []}}, "template.aws.eventBridge.detailType"),
        ({"stepFunctions": {"payload": []}}, "template.aws.stepFunctions.stateMachineArn"),
    ],
)
def test_what_is_refused(spec: dict[str, Any], field: str) -> None:
    (problem,) = check(Manifest(sensor([trigger(aws=spec)])))
    assert f"spec.triggers[0].{field}" in str(problem)
