"""Messages to a real Kafka: what arrives, where, how often, and what is said of what does not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from argosy.adapters.messages import MessageExecutor
from argosy.adapters.messages.kafka import partition_of
from argosy.errors import Denied, EvaluationError, NotFound, Unavailable
from argosy.events.effects import Reference, SendMessage
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.secrets import FakeSecrets
from support.brokers.base import WRONG
from support.brokers.kafka import MANY, Kafka, KafkaTls

pytestmark = pytest.mark.xdist_group("messages-kafka")  # one server for the file

FIRING = FiringInfo("f" * 32, "ns", "s", "t", trace="a" * 32)
MARKS = {
    "Idempotency-Key": FIRING.id,
    "traceparent": f"00-{'a' * 32}-{'f' * 16}-01",
    "X-Argosy-Trace": "a" * 32,
}


@pytest.fixture(scope="module", params=[Kafka, KafkaTls])
def broker(request: pytest.FixtureRequest) -> Iterator[Kafka]:
    with request.param.running() as one:
        yield one


def executor(broker: Kafka, **more: str) -> MessageExecutor:
    values = {"ns": {"broker": {**broker.secrets, **more}}}
    return MessageExecutor(FakeSecrets(values, {"ns": {"settings": {"region": "eu"}}}))


def effect(broker: Kafka, body: str | None = '{"id":"7"}', **more: Any) -> SendMessage:
    told = {name: value for name, value in broker.fields().items() if name in ("url", "sasl", "tls")}
    headers = more.pop("secure_headers", {})
    return SendMessage("kafka", {**told, "topic": MANY, **more}, "default", body, headers)


def send(broker: Kafka, *effects: SendMessage) -> list[str]:
    async def work() -> list[str]:
        made = executor(broker)
        async with asyncio.timeout(60):
            return await asyncio.gather(*[made.execute(one, FIRING) for one in effects])

    return asyncio.run(work())


def places(broker: Kafka) -> Mapping[int, int]:
    """The ends of the partitions."""

    async def work() -> Mapping[int, int]:
        async with AIOKafkaConsumer(**broker.login) as consumer:
            ends = await consumer.end_offsets([TopicPartition(MANY, number) for number in range(4)])
        return {place.partition: offset for place, offset in ends.items()}

    return asyncio.run(work())


def since(broker: Kafka, before: Mapping[int, int]) -> list[Any]:
    """The records that have come since, by partition."""

    async def work() -> list[Any]:
        found: list[Any] = []
        async with AIOKafkaConsumer(**broker.login) as consumer:
            consumer.assign([TopicPartition(MANY, number) for number in range(4)])
            ends = await consumer.end_offsets(consumer.assignment())
            for place in consumer.assignment():
                consumer.seek(place, before[place.partition])
            while len(found) < sum(ends.values()) - sum(before.values()):
                found += [one for some in (await consumer.getmany(timeout_ms=1000)).values() for one in some]
        return found

    return asyncio.run(work())


@pytest.mark.parametrize("more", [{}, {"compress": True}, {"requiredAcks": 1}, {"requiredAcks": -1}])
def test_a_message(broker: Kafka, more: dict[str, Any]) -> None:
    before = places(broker)
    secure = {"token": Reference("secret", "broker", "username"), "region": Reference("config", "settings", "region")}
    send(broker, effect(broker, partitioningKey="k", headers={"a": "b"}, secure_headers=secure, **more))
    (record,) = since(broker, before)
    assert (record.key, record.value) == (b"k", b'{"id":"7"}')
    assert {name: value.decode() for name, value in record.headers} == {
        **MARKS,
        "a": "b",
        "token": "argosy",
        "region": "eu",
    }


def test_without_key_and_payload(broker: Kafka) -> None:
    before = places(broker)
    send(broker, effect(broker, None))
    (record,) = since(broker, before)
    assert (record.key, record.value) == (None, b"")


def test_firings_of_one_batch(broker: Kafka) -> None:
    before = places(broker)
    keys = [f"key-{number % 7}" for number in range(40)]
    said = send(broker, *[effect(broker, str(number), partitioningKey=key) for number, key in enumerate(keys)])
    records = since(broker, before)
    assert sorted(int(one.value) for one in records) == list(range(40))
    assert {(one.key, one.partition) for one in records} == {
        (key.encode(), partition_of(key.encode(), range(4), range(4))) for key in keys
    }
    assert sorted(said) == sorted(f"{MANY}: partition {one.partition}, offset {one.offset}" for one in records)


@pytest.mark.parametrize(
    ("more", "secrets", "kind"),
    [
        ({}, {"password": WRONG}, Denied),
        ({"sasl": {"userSecret": {"name": "broker", "key": "gone"}}}, {}, NotFound),
    ],
)
def test_what_is_refused(broker: Kafka, more: dict[str, Any], secrets: dict[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        asyncio.run(executor(broker, **secrets).execute(effect(broker, **more), FIRING))
    assert WRONG not in str(caught.value)


def test_what_is_too_large(broker: Kafka) -> None:
    with pytest.raises(EvaluationError, match="more than a message of Kafka holds"):
        send(broker, effect(broker, "x" * (1 << 20)))


def test_nobody_is_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"127.0.0.1:{taken.getsockname()[1]}"
        told = SendMessage("kafka", {"url": url, "topic": "t"}, "default", "{}")
        with pytest.raises(Unavailable, match=url):
            asyncio.run(MessageExecutor(FakeSecrets()).execute(told, FIRING))


def test_an_address_that_nothing_may_reach() -> None:
    told = SendMessage("kafka", {"url": "169.254.169.254:80", "topic": "t"}, "default", "{}")
    with pytest.raises(Denied):
        asyncio.run(MessageExecutor(FakeSecrets()).execute(told, FIRING))


@pytest.mark.parametrize(
    # The 32-bit FNV-1a of these texts is in RFC 9923's test vectors; Sarama takes it as a signed number.
    ("key", "hashed"),
    [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)],
)
def test_the_partition_of_a_key(key: bytes, hashed: int) -> None:
    assert partition_of(key, range(1 << 30), []) == abs(hashed - (1 << 32)) % (1 << 30)
