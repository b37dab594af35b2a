"""An agent as a whole, in memory: it says hello, watches what it is told to, reports, and tells what it refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import orjson
import pytest

from argosy.adapters.http.inside import InsideHttp
from argosy.adapters.signing.ed25519 import KeySigner, KeyVerifier, new_keys
from argosy.adapters.signing.sealing import KeySealer
from argosy.agent.living import living_controllers
from argosy.agent.runner import Agent, Connections
from argosy.control.agents.reports import LEASES, shard
from argosy.control.agents.scopes import EVENTS, Subscription, Wanted
from argosy.control.agents.work import LIFE, Work, sealed
from argosy.control.lines import Line
from argosy.errors import ArgosyError, Denied, Unavailable
from argosy.ports.cluster import ServedKind
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.brokers import FakeBrokers
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster, FakeKind
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.watcher import FakeWatcher
from argosy.ports.queue import Outgoing, QueueSpec
from argosy.services.mail import pack, unpack
from support.brokers.entries import entry

MAPS = Wanted("", "v1", "configmaps", purpose=EVENTS)
LEASE = FakeKind("coordination.k8s.io/v1", "Lease", "leases")
_KEYS = new_keys()
HUB = KeySigner(lambda: _KEYS)
Body = dict[str, Any]


class Away(FakeQueue):
    """Is away for as many sends as there are problems."""

    problems: list[ArgosyError]

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        if self.problems:
            raise self.problems.pop()
        return super().send(queue, messages)


class Running:
    """An agent of cluster `edge`; `offset`: by how many seconds the API server's clock is ahead."""

    def __init__(self, offset: float = 0.0, heartbeat: float = 3600.0, problems: Sequence[ArgosyError] = ()) -> None:
        self.clock = FakeClock()
        self.cluster = FakeCluster(self.clock, kinds=[LEASE])
        self.queue = Away([QueueSpec("commands", fifo=True), QueueSpec("reports", fifo=True)], self.clock)
        self.queue.problems = list(problems)
        self.blobs = AwayBlobs(self.clock)
        self.watcher = FakeWatcher(self._served())
        self.brokers = FakeBrokers()
        held = FakeSecrets({"team": {"broker": {"password": "value"}}})
        ahead = timedelta(seconds=offset)
        self.agent = Agent(
            Connections(
                "edge",
                self.cluster,
                self.watcher,
                self.queue,
                self.blobs,
                KeyVerifier(HUB.public_keys()),
                KeySealer(),
                InsideHttp(()),
                self.clock,
                lambda: self.clock.now() + ahead,
                "commands",
                "reports",
                heartbeat_seconds=heartbeat,
                brokers=lambda: (self.brokers, held),
            )
        )

    async def give(self, kind: str, body: Body, name: str = "w", now: datetime | None = None) -> None:
        issued = now or self.clock.now()
        message = sealed(Work(name, "edge", kind, body, issued, issued + LIFE), HUB)
        await asyncio.to_thread(self.agent.handle, pack(message, self.blobs))

    async def reports(self, kind: str, count: int = 1) -> list[tuple[str, Body]]:
        """(group, report) of so many of a kind; whatever else has come is dropped."""
        found: list[tuple[str, Body]] = []
        async with asyncio.timeout(20):
            while len(found) < count:
                deliveries = self.queue.receive("reports", 100)
                self.queue.delete("reports", [one.handle for one in deliveries])
                bodies = [(one.group, unpack(one.body, self.blobs)) for one in deliveries]
                found += [(group, body) for group, body in bodies if body["report"] == kind]
                await asyncio.sleep(0)
        return found

    def _served(self) -> ServedKind:
        return next(kind for kind in self.cluster.kinds() if kind.plural == "configmaps")


def run(work: Callable[[Running], Awaitable[None]], running: Callable[[], Running] = Running) -> None:
    async def beside() -> None:
        made = running()
        task = asyncio.create_task(made.agent.run())
        try:
            await work(made)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(beside())


def config_map(name: str, **data: str) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "ns"}, "data": data}


def subscription() -> Body:
    return Subscription.of([MAPS], "key").as_json()


def test_hello() -> None:
    async def work(running: Running) -> None:
        ((group, said),) = await running.reports("heartbeat")
        assert group == "heartbeat"
        assert (said["hello"], said["subscription"], said["scopes"], said["refused"]) == (True, "", {}, 0)
        assert {"request", "unit", "batch", "batch-as", "subscribe", "report", "http"} == set(said["capabilities"])

    run(work)


def test_what_it_is_told_to_watch_it_lists_and_reports() -> None:
    async def work(running: Running) -> None:
        running.watcher.put(config_map("there"))
        await running.give("subscribe", subscription())
        ((group, seen),) = await running.reports("inventory")
        assert group == f"inventory-{MAPS.key}"
        assert seen["objects"] == {"uid-1": ["ns", "there", 1]}
        running.watcher.put(config_map("new"))
        ((group, told),) = await running.reports("changes")
        assert group == shard("ns/new")
        assert [item[:6] for item in told["items"]] == [[MAPS.key, "ADDED", "ns", "new", "uid-2", 2]]

    run(work)


def test_what_the_hub_asks_for_again_it_is_given_again() -> None:
    """Queues drop a repeated deduplication id: it must not be that of what was changed."""

    async def work(running: Running) -> None:
        running.watcher.put(config_map("there"))
        await running.give("subscribe", subscription())
        await running.reports("inventory")
        for name in ("one", "two"):
            await running.give("report", {"scope": MAPS.key, "objects": [["ADDED", "ns", "there", "uid-1"]]}, name)
            ((_, told),) = await running.reports("changes")
            assert [item[4] for item in told["items"]] == ["uid-1"]

    run(work)


def test_an_object_that_no_message_holds_goes_by_a_blob() -> None:
    async def work(running: Running) -> None:
        await running.give("subscribe", subscription())
        await running.reports("inventory")
        running.watcher.put(config_map("large", text="x" * 900_000))
        ((_, told),) = await running.reports("changes")
        assert len(told["items"][0][6]["data"]["text"]) == 900_000

    run(work)


def test_what_is_refused_stands_in_the_next_heartbeat() -> None:
    async def work(running: Running) -> None:
        await running.reports("heartbeat")
        await asyncio.to_thread(running.agent.handle, "no message")
        for message in ({}, {"work": "{}", "key": "k", "signature": ""}):
            await asyncio.to_thread(running.agent.handle, orjson.dumps(message).decode())
        async with asyncio.timeout(20):
            while (said := (await running.reports("heartbeat"))[-1][1])["refused"] < 3:
                pass
        assert said["refused"] == 3
        assert "hub" in said["refusal"]

    run(work, lambda: Running(heartbeat=0.01))


@pytest.mark.parametrize(("offset", "told"), [(0.5, 0.0), (400.0, 400.0), (-400.0, -400.0)])
def test_a_clock_that_is_wrong_is_known_by_the_api_servers(offset: float, told: float) -> None:
    """Work that the hub issues now is neither expired nor from the future, whatever our own clock says."""

    async def work(running: Running) -> None:
        ((_, said),) = await running.reports("heartbeat")
        assert said["offset"] == told
        asked = {"verb": "version", "arguments": {}}
        await running.give("request", asked, now=running.clock.now() + timedelta(seconds=offset))
        ((_, result),) = await running.reports("result")
        assert "value" in result

    run(work, lambda: Running(offset))


@pytest.mark.parametrize("problem", [Unavailable("away"), Denied("a role that does not count yet")])
def test_a_queue_that_is_away_costs_time_and_no_report(problem: ArgosyError) -> None:
    async def work(running: Running) -> None:
        ((_, said),) = await running.reports("heartbeat")
        assert said["hello"] is True

    run(work, lambda: Running(problems=[problem]))


class AwayBlobs(FakeBlobs):
    """Is away once."""

    problems: ClassVar[list[ArgosyError]] = []

    def put(self, key: str, data: bytes) -> None:
        if self.problems:
            raise self.problems.pop()
        super().put(key, data)


def test_a_bucket_that_is_away_costs_time_and_no_report() -> None:
    async def work(running: Running) -> None:
        await running.give("subscribe", subscription())
        await running.reports("inventory")
        AwayBlobs.problems.append(Unavailable("away"))
        running.watcher.put(config_map("large", text="x" * 900_000))
        ((_, told),) = await running.reports("changes")
        assert (len(told["items"]), AwayBlobs.problems) == (1, [])

    run(work)


# Argo's own controllers


@pytest.mark.parametrize(
    ("spec", "lives"),
    [
        ({"holderIdentity": "pod", "renewTime": "2026-01-01T00:00:00.000000Z", "leaseDurationSeconds": 15}, True),
        ({"holderIdentity": "pod", "renewTime": "2025-12-31T23:59:01.000000Z", "leaseDurationSeconds": 15}, True),
        ({"holderIdentity": "pod", "renewTime": "2025-12-31T23:58:59.000000Z", "leaseDurationSeconds": 15}, False),
        ({"holderIdentity": "", "renewTime": "2026-01-01T00:00:00.000000Z", "leaseDurationSeconds": 15}, False),
        ({"holderIdentity": "pod", "leaseDurationSeconds": 15}, False),
        ({"holderIdentity": "pod", "renewTime": "2026-01-01T00:00:00.000000Z"}, False),
        ({"holderIdentity": "pod", "renewTime": "9999-12-31T23:59:59.000000Z", "leaseDurationSeconds": 15}, False),
        ({}, False),
    ],
)
def test_a_controller_lives_as_long_as_it_renews_its_lease(spec: Body, lives: bool) -> None:
    clock = FakeClock()
    cluster = FakeCluster(clock, kinds=[LEASE])
    name, controller = next(iter(LEASES.items()))
    manifest = {"apiVersion": LEASE.api_version, "kind": "Lease", "metadata": {"name": name}, "spec": spec}
    cluster.create(manifest, namespace="default")
    assert living_controllers(cluster, clock.now()) == ([controller] if lives else [])


@pytest.mark.parametrize(
    ("phase", "name", "lives"),
    [
        ("Running", "argocd-application-controller", ["argo-cd/argocd"]),
        ("Succeeded", "argocd-application-controller", []),
        ("Running", "argocd-server", []),
    ],
)
def test_an_argo_cd_lives_as_long_as_its_pods_run(phase: str, name: str, lives: list[str]) -> None:
    clock = FakeClock()
    cluster = FakeCluster(clock, kinds=[LEASE])
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}})
    metadata = {"name": f"{name}-0", "namespace": "argocd", "labels": {"app.kubernetes.io/name": name}}
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
    cluster.patch("v1", "Pod", "argocd", f"{name}-0", {"status": {"phase": phase}}, subresource="status")
    assert living_controllers(cluster, clock.now()) == lives


def lines(*found: Line) -> Body:
    return Subscription.of([], "key", lines=[one.as_json() for one in found]).as_json()


def test_the_lines_of_its_subscription_are_connected_and_told_of() -> None:
    password = {"name": "broker", "key": "password"}
    line = Line.of("team@edge/broker/x", "redisStream", "default", entry("redisStream", password=password))

    async def work(running: Running) -> None:
        running.brokers.problems = [Unavailable("away")]
        await running.give("subscribe", lines(line))
        ((group, told),) = await running.reports("connections")
        assert group == "connections"
        while told["problems"] != {line.key: "away"}:
            ((_, told),) = await running.reports("connections")
        while told["problems"] != {line.key: ""}:
            ((_, told),) = await running.reports("connections")
        (broker,) = running.brokers.made
        assert broker.secret(broker.entry.password) == "value", "read in its own namespace of the cluster"
        broker.put(stream="orders", id="1-0", values={"a": "b"})
        ((group, events),) = await running.reports("events")
        assert group.startswith("line-")
        data = '{"stream":"orders","message_id":"1-0","values":{"a":"b"}}'
        assert (events["line"], events["events"]) == (line.key, [["orders:1-0", data]])
        await running.give("subscribe", subscription())
        while told["problems"]:
            ((_, told),) = await running.reports("connections")
        assert not broker.connected

    run(work)


def test_an_event_is_acknowledged_once_it_is_in_the_queue() -> None:
    line = Line.of("team@edge/broker/x", "redis", "default", entry("redis"))

    async def work(running: Running) -> None:
        await running.give("subscribe", lines(line))
        while not running.brokers.made or not running.brokers.made[0].connected:
            await asyncio.sleep(0.01)
        (broker,) = running.brokers.made
        running.queue.problems = [Unavailable("away")]
        broker.put(channel="orders", payload=b"x")
        await running.reports("events")
        assert not running.queue.problems
        while broker.unacknowledged:
            await asyncio.sleep(0.01)

    run(work)
