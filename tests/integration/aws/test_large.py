"""What is too large for a row or a message goes through the bucket, whoever reads or writes it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from argosy.services.runtime import Runtime
from support.awsflow import REGION, Apply, Template, connected, hook, patiently, post, ticking
from support.events import dependency, event_source, sensor, trigger
from support.localstack import Stack
from support.up import Sink

MESSAGE = "x" * 210_000  # what we say of it goes with it: more than a message of ours holds itself


def heavy(body: dict[str, Any]) -> dict[str, Any]:
    """An object that stays larger than a row may be however well it is compressed."""
    noise = "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(4_000))
    body["metadata"] = {**body["metadata"], "annotations": {"noise": noise}}
    return body


def test_large_declarations_and_payloads(
    stack: Stack, apply: Apply, sink: Sink, to_sink: Template, runtime: Runtime
) -> None:
    orders = stack.client("sqs").create_queue(QueueName="large")["QueueUrl"]
    topic = stack.client("sns").create_topic(Name="large")["TopicArn"]
    sns = {"region": REGION, "topicArn": topic, "webhook": {"endpoint": "/", "port": "12000"}}
    clock = {"interval": "30s", "metadata": {"text": MESSAGE}}
    apply(
        heavy(hook("heavy-hook", "/")),
        heavy(
            event_source({"sqs": {"example": {"region": REGION, "queue": "large", "jsonBody": True}}}, name="heavy-sqs")
        ),
        heavy(event_source({"sns": {"example": sns}}, name="heavy-sns")),
        heavy(event_source({"calendar": {"example": clock}}, name="heavy-clock")),
    )
    keys = {"heavy-hook": "body", "heavy-sqs": "body.text", "heavy-sns": "body.Message", "heavy-clock": "metadata.text"}
    triggers = [trigger(name, conditions=name, http=to_sink(f"/{name}", key, name)) for name, key in keys.items()]
    apply(heavy(sensor(triggers, [dependency(name, source=name) for name in keys], name="heavy")))
    for name in ("heavy-sqs", "heavy-sns"):
        connected(runtime, name)

    assert post(stack, "ns/heavy-hook", {"text": MESSAGE}) == 200
    stack.client("sqs").send_message(QueueUrl=orders, MessageBody=json.dumps({"text": MESSAGE}))
    stack.client("sns").publish(TopicArn=topic, Message=MESSAGE)
    assert sink.wait("heavy-hook")[0].body == {"got": {"text": MESSAGE}}
    assert ticking(stack, runtime, lambda: bool(sink.at("heavy-clock")))
    for name in ("heavy-sqs", "heavy-sns", "heavy-clock"):
        assert sink.wait(name)[0].body == {"got": MESSAGE}

    runtime.objects.delete([("EventSource", "ns", name) for name in keys])
    assert patiently(runtime, lambda: not runtime.store.query("wiring"))
