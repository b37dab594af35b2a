"""An entry of each type that a connection feeds, and the event that its recorded payload holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from argosy.resources.base import parse
from argosy.resources.eventsource import EventSource
from argosy.resources.manifests import Manifest
from support.functions import recorded as payload

__all__ = ["ENTRIES", "entry", "recorded"]

ENTRIES: Final[Mapping[str, dict[str, Any]]] = {
    "amqp": {"url": "amqp://b:5672", "exchangeType": "topic", "routingKey": "created"},
    "file": {"eventType": "CREATE", "watchPathConfig": {"directory": "/data/", "path": "orders.csv"}},
    "kafka": {"url": "b:9092", "topic": "orders", "consumerGroup": {"groupName": "argosy"}},
    "mqtt": {"url": "tcp://b:1883", "topic": "orders/#", "clientId": "argosy"},
    "nats": {"url": "nats://b:4222", "subject": "orders.*"},
    "redis": {"hostAddress": "b:6379", "channels": ["orders"]},
    "redisStream": {"hostAddress": "b:6379", "streams": ["orders"]},
    "sftp": {"eventType": "CREATE", "watchPathConfig": {"directory": "/upload/", "path": "orders.csv"}},
}


def entry(kind: str, **more: Any) -> Any:
    """The entry as a model."""
    spec = {"spec": {kind: {"x": {**ENTRIES[kind], **more}}}}
    return parse(EventSource, Manifest(spec)).spec.of(kind)["x"]


def recorded(name: str) -> tuple[str, str]:
    """Origin and payload of the event in `events/<name>.json`."""
    (record,) = payload(name)["Records"]
    ((origin, data),) = json.loads(record["body"])["events"]
    return str(origin), str(data)
