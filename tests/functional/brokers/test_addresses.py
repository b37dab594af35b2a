"""What addresses connectors take, show, and refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.adapters.brokers import CONNECTORS, LibraryBrokers
from argosy.adapters.brokers.common import address, shown
from argosy.errors import Denied, InvalidObject, Unavailable
from argosy.resources.eventsource import CONNECTED_TYPES
from support.brokers.entries import entry

FIELDS = {
    "amqp": "url",
    "kafka": "url",
    "mqtt": "url",
    "nats": "url",
    "redis": "hostAddress",
    "redisStream": "hostAddress",
}
SCHEMES = {"amqp": "amqp://", "mqtt": "tcp://", "nats": "nats://"}


def test_every_type_has_a_connector() -> None:
    assert CONNECTORS.keys() == CONNECTED_TYPES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("host", ("host", 1)),
        ("host:7", ("host", 7)),
        ("tcp://user:word@host:7/path", ("host", 7)),
        ("[::1]:7", ("::1", 7)),
    ],
)
def test_an_address(text: str, expected: tuple[str, int]) -> None:
    assert address(text, 1) == expected


def test_what_is_no_address() -> None:
    with pytest.raises(InvalidObject):
        address("host:port", 1)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("nats://user:word@host:4222", "nats://host:4222"),
        ("amqp://user:word@host/vhost?password=word", "amqp://host/vhost"),
        ("host:9092", "host:9092"),
    ],
)
def test_what_is_shown_of_one(url: str, expected: str) -> None:
    assert shown(url) == expected


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize(
    ("host", "kind_of_error"), [("169.254.169.254", Denied), ("no-such-host.invalid", Unavailable)]
)
def test_a_host_that_is_not_connected_to(kind: str, host: str, kind_of_error: type[Exception]) -> None:
    given: dict[str, Any] = {FIELDS[kind]: f"{SCHEMES.get(kind, '')}{host}:1"}
    connector = LibraryBrokers().connector(kind, entry(kind, **given))

    async def work() -> None:
        with pytest.raises(kind_of_error):
            await connector.connect(lambda _: "")
        await connector.close()

    asyncio.run(work())
