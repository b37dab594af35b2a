"""Connectors of the Brokers port, one file for each type of event source, found through this lazy map.

Each imports its client library when it connects: they come with the extra `brokers`, and neither a function nor a process
without such event sources pays for them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from argosy.errors import Unsupported
from argosy.ports.brokers import Connector

__all__ = ["CONNECTORS", "LibraryBrokers"]

CONNECTORS: Final = {
    "amqp": "argosy.adapters.brokers.amqp:AmqpConnector",
    "file": "argosy.adapters.brokers.file:FileConnector",
    "kafka": "argosy.adapters.brokers.kafka:KafkaConnector",
    "mqtt": "argosy.adapters.brokers.mqtt:MqttConnector",
    "nats": "argosy.adapters.brokers.nats:NatsConnector",
    "redis": "argosy.adapters.brokers.redis:RedisConnector",
    "redisStream": "argosy.adapters.brokers.redis_stream:RedisStreamConnector",
    "sftp": "argosy.adapters.brokers.sftp:SftpConnector",
}


class LibraryBrokers:
    """See `Brokers`."""

    def connector(self, kind: str, entry: Any) -> Connector:
        """See `Brokers.connector`."""
        if kind not in CONNECTORS:
            raise Unsupported(f"no connector serves event sources of type {kind}")
        module, _, name = CONNECTORS[kind].partition(":")
        try:
            made: Connector = getattr(import_module(module), name)(entry)
        except ModuleNotFoundError as x:
            missing = (x.name or "").partition(".")[0]
            raise Unsupported(
                f"event sources of type {kind} need the package {missing}: pip install 'argosy[brokers]'"
            ) from x
        return made
