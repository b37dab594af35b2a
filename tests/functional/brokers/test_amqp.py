"""The connector of `amqp` on RabbitMQ."""

from __future__ import annotations

from contracts.brokers import ConnectorContract
from support.brokers.amqp import Amqp


class TestAmqp(ConnectorContract):
    broker_type = Amqp
