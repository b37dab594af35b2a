"""The connector of `kafka` on a real node: a group, and one partition; by TLS; what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from argosy.adapters.brokers import LibraryBrokers
from argosy.errors import Denied, Unavailable, Unsupported
from contracts.brokers import ConnectorContract, connected, take, text
from support.brokers.base import WRONG, Broker, ref
from support.brokers.entries import entry
from support.brokers.kafka import Kafka, KafkaPartition, KafkaTls

REF = {"name": "n", "key": "k"}


class TestKafka(ConnectorContract):
    broker_type = Kafka


class TestKafkaPartition(ConnectorContract):
    broker_type = KafkaPartition


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"sasl": {"mechanism": "GSSAPI", "userSecret": REF, "passwordSecret": REF}}, "sasl.mechanism"),
        ({"awsMskIamAuth": {"region": "eu-central-1"}}, "awsMskIamAuth"),
        ({"schemaRegistry": {"url": "http://registry", "schemaId": 1}}, "schemaRegistry"),
    ],
)
def test_what_it_does_not_do_is_said(more: dict[str, Any], field: str) -> None:
    connector = LibraryBrokers().connector("kafka", entry("kafka", **more))
    with pytest.raises(Unsupported) as caught:
        asyncio.run(connector.connect(str))
    assert caught.value.field == field


def test_by_tls_with_a_certificate_of_the_client() -> None:
    async def refused(broker: Broker, kind: type[Exception], secret: Callable[[Any], str], **more: Any) -> None:
        connector = LibraryBrokers().connector("kafka", broker.entry(**more))
        with pytest.raises(kind) as caught:
            await connector.connect(secret)
        await connector.close()
        assert WRONG not in str(caught.value)

    async def work(broker: Broker) -> None:
        async with asyncio.timeout(60):
            connector = await connected(broker)
            await asyncio.to_thread(broker.send, "a")
            assert [text(broker, one) for one in await take(connector, 1)] == ["a"]
            await connector.close()
            await refused(broker, Denied, broker.wrong)
            await refused(broker, Unavailable, broker.secret, tls={"caCertSecret": ref("ca")})
            await refused(broker, Unavailable, broker.secret, tls={"enabled": True})

    with KafkaTls.running() as broker:
        asyncio.run(work(broker))
