"""Triggers towards servers that speak no HTTP: NATS, Kafka and gRPC, by the clients of the layer `triggers`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import nats
import pytest
from aiokafka import AIOKafkaConsumer

from argosy.adapters.messages.custom import read_message, write_message
from argosy.services.outcomes import sensor_status
from argosy.services.runtime import Runtime
from support.awsflow import Apply, failures, hook, patiently, post
from support.brokers.base import PASSWORD, USER
from support.brokers.kafka import MANY, Kafka
from support.brokers.nats import Nats
from support.events import dependency, sensor
from support.localstack import LocalStack, Stack

PAYLOAD = [{"src": {"dependencyName": "dep", "dataKey": "body.id"}, "dest": "id"}]
SENT = b'{"id":"7"}'


@pytest.fixture
def calls() -> list[Any]:
    """What Execute was called with."""
    return []


@pytest.fixture
def server(localstack: LocalStack, calls: list[Any]) -> Iterator[str]:
    """The address of a gRPC server."""

    def execute(request: bytes, _: Any) -> bytes:
        calls.append(read_message(request))
        return b""

    answers = {"FetchResource": lambda *_: write_message({1: b"{}"}), "Execute": execute, "ApplyPolicy": lambda *_: b""}
    methods = {name: grpc.unary_unary_rpc_method_handler(answer) for name, answer in answers.items()}
    made = grpc.server(futures.ThreadPoolExecutor(2))
    made.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("triggers.Trigger", methods)])
    port = made.add_insecure_port(f"{localstack.own_address}:0")
    made.start()
    yield f"{localstack.own_address}:{port}"
    made.stop(None).wait()


@pytest.fixture
def kafka(localstack: LocalStack) -> Iterator[Kafka]:
    with Kafka.running(localstack.own_address) as one:
        yield one


@pytest.fixture
def bus(localstack: LocalStack) -> Iterator[Nats]:
    with Nats.running(localstack.own_address) as one:
        yield one


def test_kafka_nats_and_a_grpc_server(
    stack: Stack, apply: Apply, runtime: Runtime, kafka: Kafka, bus: Nats, server: str, calls: list[Any]
) -> None:
    stack.client("secretsmanager").create_secret(Name="argosy/it/ns/broker", SecretString=json.dumps(kafka.secrets))
    to_kafka, to_nats = kafka.fields(), bus.fields()
    targets: dict[str, dict[str, Any]] = {
        "kafka": {"url": to_kafka["url"], "sasl": to_kafka["sasl"], "topic": MANY, "compress": True},
        "nats": {"url": to_nats["url"], "auth": to_nats["auth"], "subject": "made"},
        "custom": {"serverURL": server, "spec": {}},
    }
    triggers = [{"template": {"name": kind, kind: {**target, "payload": PAYLOAD}}} for kind, target in targets.items()]
    apply(hook("sending", "/"), sensor(triggers, [dependency("dep", source="sending")], name="sending"))

    def done() -> bool:
        told = sensor_status(runtime.store, "ns", "sending").get("triggers", {})
        return all(told.get(kind, {}).get("fired") for kind in targets) or bool(failures(runtime, "sending"))

    async def arrived() -> tuple[Any, Any]:
        client = await nats.connect(f"nats://{USER}:{PASSWORD}@{bus.host}:{bus.port}")
        subscription = await client.subscribe("made")
        await client.flush()
        assert await asyncio.to_thread(post, stack, "ns/sending", {"id": "7"}) == 200
        assert await asyncio.to_thread(patiently, runtime, done)
        assert failures(runtime, "sending") == []
        async with AIOKafkaConsumer(MANY, auto_offset_reset="earliest", **kafka.login) as consumer:
            found = await subscription.next_msg(timeout=10), await consumer.getone()
        await client.close()
        return found

    message, record = asyncio.run(arrived())
    assert (message.data, record.value) == (SENT, SENT)
    assert message.headers["Idempotency-Key"]
    assert dict(record.headers)["Idempotency-Key"]
    assert calls == [{1: b"{}", 2: SENT}]
