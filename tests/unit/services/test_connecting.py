"""The host of connectors on a broker in memory: begun, lost, changed, retired; nothing acknowledged before it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from argosy.control.lines import Line, Taken
from argosy.errors import ArgosyError, Denied, NotFound, Unavailable
from argosy.ports.fakes.brokers import FakeBrokers
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.services.connecting import Connecting
from support.brokers.entries import entry

REF = {"name": "n", "key": "k"}


class World:
    """A host with one line; waits are counted and take no time."""

    def __init__(self) -> None:
        self.brokers = FakeBrokers()
        self.events: list[Taken] = []
        self.told: list[str] = []
        self.waits: list[float] = []
        self.problems: list[ArgosyError] = []
        secrets = FakeSecrets({"ns": {"n": {"k": "value"}}})
        self.connecting = Connecting(
            self.brokers, secrets, self._deliver, lambda _, why: self.told.append(why), chance=float, wait=self._wait
        )

    async def _deliver(self, line: Line, events: Sequence[Taken]) -> None:
        if self.problems:
            raise self.problems.pop(0)
        self.events += events

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.001)


def line(kind: str = "redisStream", **more: object) -> Line:
    return Line.of("ns/source/x", kind, "default", entry(kind, **more))


def run(work: Callable[[World], Awaitable[None]]) -> None:
    async def whole() -> None:
        world = World()
        try:
            await work(world)
        finally:
            await world.connecting.close()

    asyncio.run(whole())


def message(number: int) -> dict[str, object]:
    return {"stream": "orders", "id": f"{number}-0", "values": {"id": str(number)}}


def test_a_message_is_acknowledged_once_it_is_durable() -> None:
    async def work(world: World) -> None:
        world.problems = [Unavailable("the queue is away"), Unavailable("still", delay=7)]
        world.connecting.want([line()])
        await world.until(lambda: world.brokers.made)
        broker = world.brokers.made[0]
        broker.put(**message(1))
        await world.until(lambda: not broker.unacknowledged)
        assert [one.origin for one in world.events] == ["orders:1-0"]
        assert world.waits == [0.5, 7]
        assert world.told == [""]

    run(work)


def test_a_broker_that_is_lost_delivers_again_and_is_known() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line()])
        await world.until(lambda: world.told == [""])
        (broker,) = world.brokers.made
        broker.put(**message(1))
        await world.until(lambda: world.events and not broker.unacknowledged)
        broker.lose()
        broker.unacknowledged = [message(1), message(2)]
        await world.until(lambda: not broker.unacknowledged)
        assert [one.origin for one in world.events] == ["orders:1-0", "orders:2-0"]
        assert (broker.connects, world.told) == (2, ["", "the broker is gone", ""])

    run(work)


def test_one_that_has_no_names_gives_each_event_another() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line("redis")])
        await world.until(lambda: world.told == [""])
        for _ in range(2):
            world.brokers.made[0].put(channel="orders", payload=b"same")
        await world.until(lambda: len(world.events) == 2)
        assert len({one.origin for one in world.events}) == 2

    run(work)


def test_what_is_refused_is_tried_again() -> None:
    async def work(world: World) -> None:
        world.brokers.problems = [Denied("no"), NotFound("no stream")]
        world.connecting.want([line()])
        await world.until(lambda: "" in world.told)
        assert (world.told, world.waits) == (["no", "no stream", ""], [1, 2])

    run(work)


def test_secrets_are_read_each_time_and_a_missing_one_is_told() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line(password=REF)])
        await world.until(lambda: world.told == [""])
        (broker,) = world.brokers.made
        assert (broker.secret(broker.entry.password), broker.secret(None)) == ("value", "")
        world.connecting.want([line(password={"name": "n", "key": "other"})])
        await world.until(lambda: len(world.told) > 1)
        assert "has no key other" in world.told[1]

    run(work)


def test_a_changed_line_begins_anew_and_a_retired_one_ends() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line()])
        await world.until(lambda: world.told == [""])
        world.connecting.want([line()])
        world.connecting.want([line(consumerGroup="other")])
        await world.until(lambda: len(world.told) == 2)
        first, second = world.brokers.made
        assert (first.connected, second.connected) == (False, True)
        world.connecting.want([])
        await world.until(lambda: not second.connected)

    run(work)


def test_what_the_filter_drops_and_what_is_no_json_is_acknowledged() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line("nats", jsonBody=True, filter={"expression": "body.id > 1"})])
        await world.until(lambda: world.told == [""])
        (broker,) = world.brokers.made
        for data in (b'{"id":1}', b"no json", b'{"id":2}'):
            broker.put(subject="s", data=data)
        await world.until(lambda: not broker.unacknowledged)
        assert [one.data for one in world.events] == ['{"subject":"s","body":{"id":2}}']

    run(work)


def test_no_more_events_a_second_than_the_entry_allows() -> None:
    async def work(world: World) -> None:
        world.connecting.want([line("kafka", limitEventsPerSecond=10)])
        await world.until(lambda: world.told == [""])
        for number in range(5):
            world.brokers.made[0].put(topic="orders", partition=0, offset=number, value=b"x")
        await world.until(lambda: len(world.events) == 5)
        await world.until(lambda: sum(world.waits) > 0.49)
        assert sum(world.waits) <= 0.51

    run(work)
