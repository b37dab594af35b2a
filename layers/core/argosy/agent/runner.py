"""The agent as a whole: watches and reports on one event loop, work in a few threads, a heartbeat.

In: the cluster, two queues and a bucket (or what takes their place in `argosy up`), the hub's public keys. It starts by
saying hello; the hub answers with what to watch. Nothing that it holds is worth keeping: killed at any moment, it begins
anew, and the hub finds out what it has missed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import orjson

from argosy.agent.changes import Changes, Weighed
from argosy.agent.living import living_controllers
from argosy.agent.watching import ClusterWatching
from argosy.agent.work import Http, Worker
from argosy.control.agents.reports import Seen, shard
from argosy.control.agents.values import Told
from argosy.control.agents.work import KINDS
from argosy.errors import ArgosyError, EvaluationError, NotFound, Retryable
from argosy.ports.aside import Aside, at_once
from argosy.ports.blobs import Blobs
from argosy.ports.brokers import Brokers
from argosy.ports.clock import Clock
from argosy.ports.cluster import Cluster
from argosy.ports.queue import Delivery, Outgoing, Queue
from argosy.ports.sealing import Sealer
from argosy.ports.secrets import Secrets
from argosy.ports.signing import Verifier
from argosy.ports.watching import Watcher
from argosy.services.mail import MAX_INLINE, pack, unpack
from argosy.version import VERSION

__all__ = ["Agent", "Connections"]

_TAKE: Final = 1_000_000
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_THREADS: Final = 8
_IN_FLIGHT: Final = 16
_LISTED_SECONDS: Final = 2.0
_SKEW_SECONDS: Final = 2.0
_END_SECONDS: Final = 10.0
_log = logging.getLogger("argosy.agent")


@dataclass(frozen=True)
class Connections:
    """What an agent works with. `server_time` is the API server's clock; `commands` and `reports` are queues of `queue`.

    `attributes` go with each report, where one queue serves several clusters. `brokers` is asked when the first event source
    needs a connection; `aside` has done what no answer waits for.
    """

    name: str
    cluster: Cluster
    watcher: Watcher
    queue: Queue
    blobs: Blobs
    verifier: Verifier
    sealer: Sealer
    http: Http
    clock: Clock
    server_time: Callable[[], datetime | None]
    commands: str
    reports: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    heartbeat_seconds: float = 30.0
    brokers: Callable[[], tuple[Brokers, Secrets]] | None = None
    aside: Aside = at_once


class Agent:
    """One agent; `run` until cancelled, or until `stop` when it takes its commands itself (`receive`)."""

    def __init__(self, connections: Connections) -> None:
        self._with = connections
        self._offset = timedelta()
        self._kubernetes = ""
        self._controllers: list[str] = []
        self._watching: ClusterWatching | None = None
        self._worker: Worker | None = None
        self._changes: Changes | None = None
        self._ready = threading.Event()

    async def run(self) -> None:
        """Watch, report, and tell that it is alive, until cancelled."""
        given, loop = self._with, asyncio.get_running_loop()
        self._changes = Changes(loop.time)
        self._watching = ClusterWatching(
            given.name,
            given.cluster,
            given.watcher,
            self._changes,
            self._inventory,
            given.sealer,
            self._values,
            given.heartbeat_seconds,
        )
        self._worker = Worker(
            given.name, given.cluster, given.verifier, self._watching, given.http, self._send_now, self.now, given.aside
        )
        self._ready.set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat(), name="heartbeat")
                group.create_task(self._report(self._changes), name="reports")
                group.create_task(self._connect(self._watching), name="connectors")
        finally:
            self._watching.stop()

    def now(self) -> datetime:
        """The time, by the API server's clock when ours differs from it by seconds."""
        return self._with.clock.now() + self._offset

    def handle(self, body: str) -> None:
        """Do what a message of the command queue says. Raises Retryable when it must come again."""
        self._ready.wait()
        worker = self._worker
        if worker is None:
            raise NotFound("the agent has ended")
        try:
            message = unpack(body, self._with.blobs)
        except Retryable:
            raise
        except ArgosyError as x:
            worker.refuse(x)
            return
        worker.handle(message)

    def receive(self, stop: threading.Event) -> None:
        """Take commands from the queue until `stop`; those of one group one after the other, groups side by side."""
        slots = threading.Semaphore(_IN_FLIGHT)
        pause = _FIRST_PAUSE
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="work") as pool:
            while not stop.is_set():
                try:
                    deliveries = self._with.queue.receive(self._with.commands, 10)
                except Exception as x:  # noqa: BLE001 - an agent whose thread ends would be deaf without a word
                    _log.warning("no commands can be received: %s", x if isinstance(x, ArgosyError) else repr(x))
                    stop.wait(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                    continue
                pause = _FIRST_PAUSE
                groups: dict[str, list[Delivery]] = defaultdict(list)
                for delivery in deliveries:
                    groups[delivery.group].append(delivery)
                for group in groups.values():
                    slots.acquire()
                    pool.submit(self._group, group).add_done_callback(lambda _: slots.release())

    def _group(self, deliveries: Sequence[Delivery]) -> None:
        """Deliveries of one group in their order; after one that must come again the others wait for it."""
        queue, commands = self._with.queue, self._with.commands
        for number, delivery in enumerate(deliveries):
            try:
                self.handle(delivery.body)
                queue.delete(commands, [delivery.handle])
            except Exception as x:  # noqa: BLE001 - what nobody hears of would come again only after its visibility timeout
                _log.warning("work was not done and comes again: %s", x if isinstance(x, ArgosyError) else repr(x))
                self._release([one.handle for one in deliveries[number:]])
                return

    def _release(self, handles: Sequence[str]) -> None:
        try:
            self._with.queue.release(self._with.commands, handles, delay=1.0)
        except ArgosyError as x:
            _log.info("work that was not done is seen again only after its visibility timeout: %s", x)

    # Reports

    async def _report(self, changes: Changes) -> None:
        while True:
            taken = await changes.take(_TAKE)
            await self._send(partial(self._messages, taken))
            changes.done(taken)

    def _messages(self, taken: Sequence[Weighed]) -> list[Outgoing]:
        """Changes as messages: one group for each shard of objects, cut by bytes."""
        shards: dict[str, list[list[Weighed]]] = {}
        for one in taken:
            parts = shards.setdefault(shard(f"{one.item.namespace}/{one.item.name}"), [[]])
            if parts[-1] and sum(each.weight for each in parts[-1]) + one.weight > MAX_INLINE:
                parts.append([])
            parts[-1].append(one)
        return [self._changed(group, part) for group, parts in shards.items() for part in parts]

    def _changed(self, group: str, part: Sequence[Weighed]) -> Outgoing:
        items = [[*one.item.as_json()[:-1], orjson.Fragment(one.text) if one.text else None] for one in part]
        # An id of the sending, not of the changes: a hub that asks for an object again is to be given it again.
        return self._outgoing({"report": "changes", "items": items}, group, uuid.uuid4().hex)

    async def _inventory(self, seen: Seen) -> None:
        objects = {uid: list(place) for uid, place in seen.objects.items()}
        body = {"report": "inventory", "scope": seen.scope, "version": seen.version, "objects": objects}
        await self._send_one(body, f"inventory-{seen.scope}", uuid.uuid4().hex)

    async def _values(self, told: Told) -> None:
        """One group for all, so that what was told of an object last counts."""
        await self._send_one({"report": "values", "items": [told.as_json()]}, "values", uuid.uuid4().hex)

    async def _send_one(self, report: Mapping[str, Any], group: str, dedup: str) -> None:
        await self._send(lambda: [self._outgoing(report, group, dedup)])

    async def _send(self, packed: Callable[[], list[Outgoing]]) -> None:
        """Send, for as long as it takes: meanwhile changes gather, and when there is no room for more, watches wait.

        Refused is tried again like unreachable: rights take their time until they count. Whatever JSON came to us is JSON
        that goes.
        """
        pause = _FIRST_PAUSE
        while True:
            try:
                await asyncio.to_thread(self._pack_and_send, packed)
            except ArgosyError as x:
                _log.warning("reports cannot be sent: %s; trying again", x)
                await asyncio.sleep(max(pause, x.delay if isinstance(x, Retryable) else 0.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    def _pack_and_send(self, packed: Callable[[], list[Outgoing]]) -> None:
        """In a thread: what is large goes to the bucket first."""
        self._with.queue.send(self._with.reports, packed())

    def _send_now(self, report: dict[str, Any], group: str) -> None:
        """A result, from the thread that has it. Raises Unavailable."""
        try:
            message = self._outgoing(report, group, uuid.uuid4().hex)
        except EvaluationError as x:
            text = f"done, but its result cannot be sent: {x}"
            short = {"report": "result", "id": report["id"], "error": "EvaluationError", "text": text}
            message = self._outgoing(short, group, uuid.uuid4().hex)
        self._with.queue.send(self._with.reports, [message])

    def _outgoing(self, report: Mapping[str, Any], group: str, dedup: str) -> Outgoing:
        return Outgoing(
            pack(report, self._with.blobs), group=group, dedup=dedup, attributes=dict(self._with.attributes) or None
        )

    # Connections of event sources

    async def _connect(self, watching: ClusterWatching) -> None:
        """Keep the lines of the subscription; before the first one nothing of what they need is loaded."""
        while not watching.subscription.lines or self._with.brokers is None:
            await watching.lines_changed.wait()
            watching.lines_changed.clear()
        from argosy.agent.connectors import AgentConnectors

        connectors = AgentConnectors(*self._with.brokers(), self._send_one)
        telling = asyncio.create_task(connectors.run())
        try:
            while True:
                try:
                    connectors.want(watching.subscription.lines)
                except ArgosyError as x:
                    _log.error("connections of event sources: %s: update this agent", x)
                await watching.lines_changed.wait()
                watching.lines_changed.clear()
        finally:
            telling.cancel()
            await asyncio.wait({telling}, timeout=_END_SECONDS)

    # Heartbeat

    async def _beat(self) -> None:
        hello = True
        while True:
            await asyncio.to_thread(self._look)
            await self._send_one(self._alive(hello=hello), "heartbeat", uuid.uuid4().hex)
            hello = False
            await self._until_next(self._with.heartbeat_seconds)

    async def _until_next(self, seconds: float) -> None:
        """Wait for the next heartbeat: sooner when there is a new subscription, whose first lists are then told."""
        if self._watching is None:
            return
        try:
            await asyncio.wait_for(self._watching.changed.wait(), seconds)
        except TimeoutError:
            return
        self._watching.changed.clear()
        await asyncio.sleep(min(_LISTED_SECONDS, seconds))

    def _look(self) -> None:
        """Ask the API server for its version, its time, and for living controllers of Argo."""
        try:
            self._kubernetes = self._with.cluster.version()
            theirs = self._with.server_time()
            self._controllers = living_controllers(self._with.cluster, self.now())
        except ArgosyError as x:
            _log.warning("the API server cannot be reached: %s", x)
            return
        if theirs is not None:
            offset = theirs - self._with.clock.now()
            self._offset = offset if abs(offset.total_seconds()) > _SKEW_SECONDS else timedelta()

    def _alive(self, *, hello: bool) -> dict[str, Any]:
        watching, worker, changes = self._watching, self._worker, self._changes
        if watching is None or worker is None or changes is None:
            raise NotFound("the agent has ended")
        return {
            "report": "heartbeat",
            "hello": hello,
            "at": self.now().isoformat(),
            "version": VERSION,
            "kubernetes": self._kubernetes,
            "capabilities": sorted(KINDS),
            "controllers": self._controllers,
            "subscription": watching.subscription.digest if watching.subscription.scopes or not hello else "",
            "scopes": watching.states,
            "values": watching.values.states,
            "objects": watching.objects,
            "counts": asdict(watching.counts),
            "waiting": changes.weight,
            "refused": worker.refusals.count,
            "refusal": worker.refusals.last,
            "offset": self._offset.total_seconds(),
        }
