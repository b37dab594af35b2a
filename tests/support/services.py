"""An installation on fakes: the ports, what was sent, and executors that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.errors import ArgosyError
from argosy.events.effects import EFFECTS
from argosy.events.envelope import Event
from argosy.ports.access import Authoriser
from argosy.ports.blobs import Blobs
from argosy.ports.charts import Charts
from argosy.ports.cluster import Cluster
from argosy.ports.downloads import Downloads
from argosy.ports.executor import FiringInfo, Observer
from argosy.ports.fakes.agents import FakeAgentLink
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.outside import FakeOutside
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.store import FakeStore
from argosy.ports.fakes.wiring import FakeWiring
from argosy.ports.jq import Jq
from argosy.ports.queue import Delivery, Outgoing, Queue
from argosy.ports.repository import Repository
from argosy.ports.sealing import Opener
from argosy.ports.secrets import Secrets
from argosy.ports.signing import Signer
from argosy.ports.store import Store
from argosy.ports.wiring import Place
from argosy.ports.workshop import Workshop
from argosy.resources.manifests import Manifest
from argosy.services.access import IamAuthoriser
from argosy.services.agents.registry import Entry
from argosy.services.applied import Applied
from argosy.services.aside import ORIGIN, REASON
from argosy.services.fire import Firings
from argosy.services.mail import pack, unpack
from argosy.services.outcomes import sensor_status
from argosy.services.queues import AWS_QUEUES, BUS, DEAD_LETTERS, LOCAL_QUEUES, TRIGGERS
from argosy.services.runtime import Runtime
from support.events import Body


@dataclass
class RecordingExecutor:
    """Notes every effect; `problems` are raised first, one for each attempt."""

    problems: list[ArgosyError] = field(default_factory=list)
    done: list[tuple[Any, FiringInfo]] = field(default_factory=list)
    seen: list[FiringInfo] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        """How often it was called."""
        return len(self.seen)

    async def execute(self, effect: Any, firing: FiringInfo) -> str:
        """See `Executor.execute`."""
        self.seen.append(firing)
        if self.problems:
            raise self.problems.pop(0)
        self.done.append((effect, firing))
        return "done"


@dataclass
class FakeInstallation:
    """A runtime on fakes, with short ways in and out."""

    clock: FakeClock = field(default_factory=FakeClock)
    secrets: Secrets = field(default_factory=FakeSecrets)
    executor: RecordingExecutor = field(default_factory=RecordingExecutor)
    store: Store | None = None
    queue: Queue | None = None
    place: Place | None = None
    blobs: Blobs | None = None
    authoriser: Authoriser = field(default_factory=IamAuthoriser)
    wiring: FakeWiring = field(default_factory=FakeWiring)
    repository: Repository | None = None
    downloads: Downloads | None = None
    charts: Charts | None = None
    workshop: Workshop | None = None
    jq: Jq | None = None
    observer: Observer | None = None
    link: FakeAgentLink = field(default_factory=FakeAgentLink)
    outside: FakeOutside = field(default_factory=FakeOutside)
    signer: Signer = field(default_factory=lambda: KeySigner(new_keys))
    opener: Opener | None = None
    connect: Callable[[Entry], Cluster] | None = None

    def __post_init__(self) -> None:
        self.runtime = Runtime(
            self.store or FakeStore(self.clock),
            self.queue or FakeQueue(dict.fromkeys([*AWS_QUEUES, *LOCAL_QUEUES]), self.clock),
            self.blobs or FakeBlobs(self.clock),
            self.secrets,
            self.clock,
            dict.fromkeys(EFFECTS, self.executor),
            place=self.place,
            wiring=self.wiring if self.place else None,
            authoriser=self.authoriser,
            repository=self.repository,
            downloads=self.downloads,
            charts=self.charts,
            workshop=self.workshop,
            jq=self.jq,
            observer=self.observer,
            link=self.link,
            outside=self.outside,
            signer=self.signer,
            opener=self.opener,
            connect=self.connect,
        )

    def apply(self, *bodies: Body, namespace: str = "ns") -> list[Applied]:
        """Apply manifests."""
        return self.runtime.objects.apply([Manifest(body) for body in bodies], namespace)

    def bus_message(self, event: Event, *, namespace: str = "ns", bus: str = "default") -> str:
        """The body of a bus message that carries `event`."""
        return pack({"namespace": namespace, "bus": bus, "event": event.as_json()}, self.runtime.blobs)

    def sense(self, *events: Event) -> list[Body]:
        """Run the sensors on events, as the function does; the firings that were sent."""
        self.runtime.sensing.begin()
        sent = [out for event in events for out in self.runtime.sensing.decide(self.bus_message(event))]
        self.runtime.sensing.hand_on(sent)
        return self.firings(sent)

    def firings(self, messages: Iterable[Outgoing | Delivery]) -> list[Body]:
        """The firings that messages of the trigger queue carry."""
        return [unpack(message.body, self.runtime.blobs)["firing"] for message in messages]

    def set_aside(self, queue: str) -> list[tuple[str, str, str]]:
        """Take what was set aside from `queue`: body, origin and reason of each message."""
        deliveries = self.runtime.queue.receive(DEAD_LETTERS[queue], 100)
        self.runtime.queue.delete(DEAD_LETTERS[queue], [delivery.handle for delivery in deliveries])
        return [(each.body, each.attributes[ORIGIN], each.attributes[REASON]) for each in deliveries]

    def events(self, queue: str = BUS) -> list[Body]:
        """Take all messages of a queue and read them."""
        deliveries = self.runtime.queue.receive(queue, 10_000)
        self.runtime.queue.delete(queue, [delivery.handle for delivery in deliveries])
        return [unpack(delivery.body, self.runtime.blobs) for delivery in deliveries]

    def carry_out(self, chance: float = 0.0) -> list[float]:
        """Carry out what the trigger queue holds until nothing follows; the delays of what followed, in order."""
        firings = Firings(self.runtime, lambda: chance)
        delays: list[float] = []
        while self.runtime.queue.depth(TRIGGERS).total:
            deliveries = self.runtime.queue.receive(TRIGGERS, 100)
            if not deliveries:
                self.clock.advance(0.5)
                continue
            following = [asyncio.run(firings.carry_out(one.body)) for one in deliveries]
            self.runtime.queue.delete(TRIGGERS, [one.handle for one in deliveries])
            delays.extend(out.delay for followup in following for out in followup.messages)
            firings.finish(following)
        return delays

    def status(self, sensor: str = "s", namespace: str = "ns") -> Mapping[str, Any]:
        """What `argosy get` tells of a sensor's doing."""
        self.runtime.outcomes.write(now=True)
        status: Mapping[str, Any] = orjson.loads(orjson.dumps(sensor_status(self.runtime.store, namespace, sensor)))
        return status
