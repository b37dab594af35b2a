"""What every connector of a broker must do, against the real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

import pytest

from argosy.errors import Denied, Unavailable
from argosy.events.sources.connected import connected_source, event_data
from argosy.ports.brokers import Connector, Delivery
from support.brokers.base import WRONG, Broker

__all__ = ["ConnectorContract"]


class ConnectorContract:
    """The suite; a subclass names its `Broker`, whose one server serves it all."""

    broker_type: type[Broker]

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls) -> Iterator[Broker]:
        with cls.broker_type.running() as running:
            yield running

    @pytest.fixture
    def broker(self, server: Broker) -> Broker:
        server.renew()
        return server

    def run(self, work: Callable[[], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await work()

        asyncio.run(bounded())

    def test_messages_in_their_order(self, broker: Broker) -> None:
        async def work() -> None:
            connector = await connected(broker)
            await asyncio.to_thread(broker.send, "a", "b", "c")
            found = await take(connector, 3)
            await connector.close()
            assert [text(broker, one) for one in found] == ["a", "b", "c"]
            origins = [connected_source(broker.kind).origin(one.message) for one in found]
            assert len(set(origins)) == (3 if broker.named else 1), "each has a name, or none has"
            assert all(origins) == broker.named

        self.run(work)

    def test_a_wrong_password(self, broker: Broker) -> None:
        async def work() -> None:
            connector = broker.connector()
            try:
                with pytest.raises(Denied) as caught:
                    await connector.connect(broker.wrong)
            finally:
                await connector.close()
            assert WRONG not in str(caught.value)

        self.run(work)

    def test_a_server_that_ends_and_comes_back(self, broker: Broker) -> None:
        async def work() -> None:
            connector = await connected(broker)
            await asyncio.to_thread(broker.send, "before")
            await take(connector, 1)
            await asyncio.to_thread(broker.stop)
            with pytest.raises(Unavailable):
                await connector.receive()
            await connector.close()
            with pytest.raises(Unavailable, match=str(broker.port)):
                await connector.connect(broker.secret)
            await connector.close()
            await asyncio.to_thread(broker.start)
            await connector.connect(broker.secret)
            await asyncio.to_thread(broker.send, "after")
            found = await take(connector, 1)
            await connector.close()
            assert [text(broker, one) for one in found] == ["after"]

        self.run(work)

    def test_what_was_not_acknowledged_comes_again(self, broker: Broker) -> None:
        async def work() -> None:
            connector = await connected(broker)
            await asyncio.to_thread(broker.send, "a")
            first = await take(connector, 1, acknowledge=False)
            await connector.close()
            await asyncio.to_thread(broker.send, "b")
            connector = await connected(broker)
            if not broker.keeps:
                await asyncio.to_thread(broker.send, "c")
            again = await take(connector, 2 if broker.keeps else 1)
            await connector.close()
            assert sorted(text(broker, one) for one in again) == (["a", "b"] if broker.keeps else ["c"])
            if broker.named and broker.keeps:
                origin = connected_source(broker.kind).origin
                assert origin(first[0].message) in [origin(one.message) for one in again]

        self.run(work)


async def connected(broker: Broker) -> Connector:
    """A connector of the broker's entry, connected."""
    made = broker.connector()
    await made.connect(broker.secret)
    return made


async def take(connector: Connector, count: int, *, acknowledge: bool = True) -> list[Delivery]:
    """So many deliveries."""
    found: list[Delivery] = []
    while len(found) < count:
        some = await connector.receive()
        found += some
        if acknowledge:
            await connector.done(some)
    return found


def text(broker: Broker, delivery: Delivery) -> str:
    """The text that was sent."""
    data = event_data(broker.kind, broker.entry(), delivery.message)
    assert data is not None
    return broker.body(json.loads(data))
