"""Connectors by TLS: with the authority that the entry names, and not without it."""

from __future__ import annotations

import asyncio

import pytest

from argosy.errors import InvalidObject, Unavailable
from contracts.brokers import connected, take, text
from support.brokers.amqp import AmqpTls
from support.brokers.base import Broker
from support.brokers.mqtt import MqttTls, MqttWebTls
from support.brokers.nats import NatsTls
from support.brokers.redis import RedisTls


@pytest.mark.parametrize("broker_type", [AmqpTls, MqttTls, MqttWebTls, NatsTls, RedisTls])
def test_by_tls(broker_type: type[Broker]) -> None:
    async def refused(broker: Broker, kind: type[Exception], **tls: object) -> None:
        connector = broker.connector(tls=tls)
        broker.secrets["bad"] = "no certificate"
        try:
            with pytest.raises(kind):
                await connector.connect(broker.secret)
        finally:
            await connector.close()

    async def work(broker: Broker) -> None:
        async with asyncio.timeout(60):
            connector = await connected(broker)
            await asyncio.to_thread(broker.send, "a")
            assert [text(broker, one) for one in await take(connector, 1)] == ["a"]
            await connector.close()
            await refused(broker, Unavailable, enabled=True)
            await refused(broker, InvalidObject, caCertSecret={"name": "broker", "key": "bad"})
            connector = broker.connector(tls={"insecureSkipVerify": True})
            await connector.connect(broker.secret)
            await connector.close()

    with broker_type.running() as broker:
        asyncio.run(work(broker))
