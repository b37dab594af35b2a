"""The ports of one installation, and how function handlers get hold of them.

An entry point makes a `Runtime` from adapters and calls `use`. A Lambda function that starts by itself finds the factory
in the environment variable ARGOSY_RUNTIME (`module:function`), so that no handler imports an adapter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Final

from argosy.errors import InvalidObject, NotFound
from argosy.ports.access import Authoriser
from argosy.ports.agents import AgentLink
from argosy.ports.artifacts import Artifacts
from argosy.ports.aside import Aside, at_once
from argosy.ports.balancers import Balancers
from argosy.ports.blobs import Blobs
from argosy.ports.charts import Charts
from argosy.ports.clock import Clock
from argosy.ports.cluster import Cluster
from argosy.ports.downloads import Downloads
from argosy.ports.executor import Executor, Observer
from argosy.ports.hookhosts import HookHosts
from argosy.ports.jq import Jq
from argosy.ports.makers import Makers
from argosy.ports.metrics import Metrics
from argosy.ports.outside import Outside
from argosy.ports.pullrequests import PullRequestHosts
from argosy.ports.queue import Queue, QueueSpec
from argosy.ports.repository import Repository
from argosy.ports.sealing import Opener, Sealer
from argosy.ports.secrets import Secrets
from argosy.ports.signing import Signer
from argosy.ports.store import Store
from argosy.ports.wiring import Place, Wiring
from argosy.ports.workshop import Workshop
from argosy.services.access import IamAuthoriser
from argosy.services.queues import (
    AWS_QUEUES,
    LOCAL_QUEUES,
    RECONCILE_APP,
    RECONCILE_DOOR,
    RECONCILE_ROLLOUT,
    RECONCILE_SOURCE,
    TRIGGERS,
    trigger_queue,
)

if TYPE_CHECKING:
    from argosy.control.claims import Claims
    from argosy.control.patience import Patience
    from argosy.control.wakes import Wakes
    from argosy.events.sensors import Firing
    from argosy.resources.plugin import ConfigManagementPlugin
    from argosy.services.agents.clusters import Clusters
    from argosy.services.agents.doors import Doors
    from argosy.services.agents.errands import Errands
    from argosy.services.agents.inbox import Inbox
    from argosy.services.agents.inside import Inside
    from argosy.services.agents.registry import Entry, Registry
    from argosy.services.agents.subscribing import Subscribing
    from argosy.services.applications.controller import Applications
    from argosy.services.applications.webhooks import GitWebhooks
    from argosy.services.fetching import Fetching
    from argosy.services.fire import Firings
    from argosy.services.history import History
    from argosy.services.hooks import Registrar
    from argosy.services.limits import Limits
    from argosy.services.objects import Objects, Wakened
    from argosy.services.operations import Operations
    from argosy.services.outcomes import Outcomes
    from argosy.services.receive import Receiver
    from argosy.services.remotemaking import RemoteFetching, RemoteRendering
    from argosy.services.rendering import Rendering
    from argosy.services.rollouts.controller import Rollouts
    from argosy.services.rollouts.experiments import Experiments
    from argosy.services.rollouts.runs import AnalysisRuns
    from argosy.services.sense import Sensing
    from argosy.services.sourcing import Sourcing
    from argosy.services.tick import Ticker
    from argosy.services.views import Views
    from argosy.services.wiring import Wirer

__all__ = ["Runtime", "current", "use"]

_HISTORY_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Runtime:
    """Ports and, made when first asked for, the services on them.

    `tally_seconds`: how often outcomes are written at most. `late_seconds`: how late a calendar's time may be noticed and
    still fire without catch-up; two ticks of the schedule on AWS. `claim_everything` and `claim_seconds`: see `Claims`.
    `place`: the stack whose event sources something in AWS feeds, None on one machine; `wiring`: for the function that
    connects them. `open_webhooks`: whether requests are taken that prove nothing. `authoriser`: tells the
    API who asks; unless another is given, only what API Gateway vouches for is let in. `watch_seconds`: how often a
    request that waits for a change looks. `trigger_queue`: whose firings this process carries out. `unserved`: kinds of
    effects that nobody here carries out, with the reason and the way out. `repository` and `charts` are for what fetches,
    `workshop` for what renders: on AWS one function each, which have little else; `plugins` render, too. `jq` runs the
    programs of transforms. `observer` looks at the objects that triggers have written. `signer` and `link`: for work that
    agents are to do; `opener` for what was sealed for this installation, `sealer` seals what only its other functions may
    open. `home`: the home cluster, if there is one; `connect` reaches a registered cluster that has no agent; `base_url`
    tells where webhooks are called from outside, "" = not known; `outside` is what a request's answer may depend on;
    `hook_hosts` are the Git hosts where webhooks are registered, `pull_requests` those where changes are told;
    `artifacts` reads triggers' sources; `metrics` asks what analyses measure with, `balancers` are those whose weights
    rollouts set; `makers` are called by what may neither fetch nor render itself; `joins`: whether clusters that Argo CD's
    Secrets name are reached by agents of this process; `aside` has done what no turn waits for; `patience_seconds`: see
    `Patience`, for a process whose `tick` comes as often.
    """

    store: Store
    queue: Queue
    blobs: Blobs
    secrets: Secrets
    clock: Clock
    executors: Mapping[str, Executor]
    tally_seconds: float = 0.0
    late_seconds: float = 120.0
    claim_everything: bool = False
    claim_seconds: float = 0.0
    wiring: Wiring | None = None
    place: Place | None = None
    open_webhooks: bool = True
    authoriser: Authoriser = field(default_factory=IamAuthoriser)
    watch_seconds: float = 1.0
    trigger_queue: str = TRIGGERS
    unserved: Mapping[str, str] = field(default_factory=dict)
    repository: Repository | None = None
    downloads: Downloads | None = None
    workshop: Workshop | None = None
    plugins: Sequence[ConfigManagementPlugin] = ()
    charts: Charts | None = None
    jq: Jq | None = None
    observer: Observer | None = None
    signer: Signer | None = None
    link: AgentLink | None = None
    home: Entry | None = None
    connect: Callable[[Entry], Cluster] | None = None
    base_url: Callable[[], str] = str
    outside: Outside | None = None
    hook_hosts: HookHosts | None = None
    opener: Opener | None = None
    sealer: Sealer | None = None
    pull_requests: PullRequestHosts | None = None
    artifacts: Artifacts | None = None
    metrics: Metrics | None = None
    balancers: Balancers | None = None
    makers: Makers | None = None
    joins: bool = False
    aside: Aside = at_once
    patience_seconds: float = 0.0

    @cached_property
    def patience(self) -> Patience | None:
        """How long statuses may wait that nobody decides on; None where only a distant tick would see to them."""
        from argosy.control.patience import Patience

        return Patience(self.clock, self.patience_seconds) if self.patience_seconds else None

    @cached_property
    def outcomes(self) -> Outcomes:
        """Keeps what becomes of firings; written at most once in `tally_seconds`."""
        from argosy.services.outcomes import Outcomes

        return Outcomes(self.store, self.clock, self.tally_seconds)

    @cached_property
    def history(self) -> History:
        """Keeps every event and what became of it; written often, because what comes meanwhile waits for the write."""
        from argosy.services.history import History

        return History(self.store, self.clock, min(self.tally_seconds, _HISTORY_SECONDS))

    @cached_property
    def claims(self) -> Claims:
        """Keeps firings from being carried out twice."""
        from argosy.control.claims import Claims

        return Claims(self.store, self.clock, everything=self.claim_everything, lease=self.claim_seconds)

    @cached_property
    def limits(self) -> Limits:
        """Gives the attempts of triggers with a rate limit their times."""
        from argosy.services.limits import Limits

        return Limits(self.store, self.clock)

    @cached_property
    def objects(self) -> Objects:
        """The declarations; a change of event sources wakes whoever wires them."""
        from argosy.services.objects import Objects

        return Objects(
            self.store, self.clock, wakes=self.wakes, jq=self.jq, agents=self._wakened, hooks=self.hook_wakes
        )

    @cached_property
    def views(self) -> Views:
        """The declarations as users see them: with status, page by page, watched."""
        from argosy.services.views import Views

        return Views(self)

    @cached_property
    def operations(self) -> Operations:
        """What takes longer than a request."""
        from argosy.services.operations import Operations

        return Operations(self)

    @property
    def queues(self) -> Sequence[QueueSpec]:
        """The queues that this installation has."""
        return LOCAL_QUEUES if self.place is None else AWS_QUEUES

    def queue_of(self, firing: Firing) -> str:
        """The queue that a firing belongs to; what stands outside is read by who can reach that, and not by a cluster's."""
        effect = firing.effect
        if effect is None or getattr(effect, "artifact", None) is not None:
            return TRIGGERS
        return trigger_queue(effect.kind, aws=self.place is not None)

    @cached_property
    def wakes(self) -> Wakes | None:
        """Wakes of the function that wires event sources, None where there is nothing to wire."""
        from argosy.control.wakes import Wakes

        return Wakes(self.store, self.queue, self.clock, RECONCILE_SOURCE) if self.place is not None else None

    @cached_property
    def hook_wakes(self) -> Wakes:
        """Wakes of the function that registers webhooks at Git hosts."""
        from argosy.control.wakes import Wakes

        return Wakes(self.store, self.queue, self.clock, RECONCILE_SOURCE)

    @cached_property
    def registrar(self) -> Registrar:
        """Registers webhooks at Git hosts. Raises InvalidObject where nothing asks those."""
        from argosy.services.declarations import Declarations
        from argosy.services.hooks import Registrar

        if self.hook_hosts is None:
            raise InvalidObject("this runtime registers no webhooks")
        return Registrar(self.store, Declarations(self.store, self.clock), self.hook_hosts, self.secrets)

    @cached_property
    def wirer(self) -> Wirer:
        """Wires event sources. Raises InvalidObject where there is nothing to wire."""
        from argosy.services.declarations import Declarations
        from argosy.services.wiring import Wirer

        if self.wiring is None or self.place is None:
            raise InvalidObject("this runtime wires no event sources")
        return Wirer(self.store, Declarations(self.store, self.clock), self.wiring, self.place)

    @cached_property
    def registry(self) -> Registry:
        """The clusters that there are."""
        from argosy.services.agents.registry import Registry

        return Registry(self.store, home=self.home)

    @cached_property
    def clusters(self) -> Clusters:
        """The clusters by name, to write to."""
        from argosy.services.agents.clusters import Clusters

        return Clusters(self, self.connect or _unreachable)

    @cached_property
    def insides(self) -> Inside:
        """Names inside clusters behind agents, to call."""
        from argosy.services.agents.inside import Inside

        return Inside(self)

    @cached_property
    def errands(self) -> Errands:
        """Work for agents. Raises InvalidObject where nothing signs it."""
        from argosy.services.agents.errands import Errands

        if self.signer is None or self.link is None:
            raise InvalidObject("this runtime has no agents: nothing signs their work")
        return Errands(self.store, self.blobs, self.clock, self.signer, self.link)

    @cached_property
    def inbox(self) -> Inbox:
        """Takes in what agents report."""
        from argosy.services.agents.inbox import Inbox

        return Inbox(self)

    @cached_property
    def doors(self) -> Doors:
        """The controller of what is declared in clusters."""
        from argosy.services.agents.doors import Doors

        return Doors(self)

    @cached_property
    def subscribing(self) -> Subscribing:
        """What agents watch."""
        from argosy.services.agents.subscribing import Subscribing

        return Subscribing(self)

    @cached_property
    def door_wakes(self) -> Wakes:
        """Wakes of the function that looks at what is declared in clusters, and at what their agents watch."""
        from argosy.control.wakes import Wakes

        return Wakes(self.store, self.queue, self.clock, RECONCILE_DOOR)

    @cached_property
    def rollouts(self) -> Rollouts:
        """The controller of Rollouts."""
        from argosy.services.rollouts.controller import Rollouts

        return Rollouts(self)

    @cached_property
    def analysis_runs(self) -> AnalysisRuns:
        """The controller of AnalysisRuns."""
        from argosy.services.rollouts.runs import AnalysisRuns

        return AnalysisRuns(self)

    @cached_property
    def experiments(self) -> Experiments:
        """The controller of Experiments."""
        from argosy.services.rollouts.experiments import Experiments

        return Experiments(self)

    @cached_property
    def rollout_wakes(self) -> Wakes:
        """Wakes of the function that decides on rollouts, analysis runs and experiments."""
        from argosy.control.wakes import Wakes

        return Wakes(self.store, self.queue, self.clock, RECONCILE_ROLLOUT)

    @cached_property
    def applications(self) -> Applications:
        """The controller of Applications."""
        from argosy.services.applications.controller import Applications

        return Applications(self)

    @cached_property
    def git_webhooks(self) -> GitWebhooks:
        """Takes deliveries of Git hosts and registries."""
        from argosy.services.applications.webhooks import GitWebhooks

        return GitWebhooks(self)

    @cached_property
    def app_wakes(self) -> Wakes:
        """Wakes of the function that decides on Applications."""
        from argosy.control.wakes import Wakes

        return Wakes(self.store, self.queue, self.clock, RECONCILE_APP)

    @property
    def programs(self) -> Jq:
        """What runs jq. Raises InvalidObject where nothing does."""
        if self.jq is None:
            raise InvalidObject("this runtime runs no jq programs")
        return self.jq

    def signed(self, text: str) -> bytes:
        """The hub's signature of a text, the same each time. Raises InvalidObject where nothing signs."""
        if self.signer is None:
            raise InvalidObject("this runtime has no agents: nothing signs their work")
        return self.signer.sign(text.encode())[1]

    def _wakened(self) -> Wakened:
        from argosy.services.agents.subscribing import agent_key
        from argosy.services.objects import Wakened

        agents = [entry for entry in self.registry.all() if self.signer is not None and entry.watched]
        keys = {entry.name: str(agent_key(entry.name)) for entry in agents}
        telling = {entry.name: keys[entry.name] for entry in agents if entry.way == "agent"}
        return Wakened(self.door_wakes, list(keys.values()), telling)

    @cached_property
    def receiver(self) -> Receiver:
        """Takes webhook requests in."""
        from argosy.services.receive import Receiver

        return Receiver(self)

    @cached_property
    def sourcing(self) -> Sourcing:
        """Takes in what AWS's queues, topics, buckets and buses send."""
        from argosy.services.sourcing import Sourcing

        return Sourcing(self)

    @cached_property
    def sensing(self) -> Sensing:
        """Runs sensors on events."""
        from argosy.services.sense import Sensing

        return Sensing(self)

    @cached_property
    def firings(self) -> Firings:
        """Carries out firings."""
        from argosy.services.fire import Firings

        return Firings(self)

    @cached_property
    def fetching(self) -> Fetching | RemoteFetching:
        """Fetches commits. Raises InvalidObject where nothing does."""
        from argosy.services.fetching import Fetching
        from argosy.services.remotemaking import RemoteFetching

        if self.makers is not None:
            from argosy.services.handover import Handover

            handover = Handover(self.sealer, self.signer) if self.sealer and self.signer else None
            return RemoteFetching(self.blobs, self.makers, handover)
        if self.repository is None:
            raise InvalidObject("this runtime fetches no repositories")
        return Fetching(self.blobs, self.repository, self.secrets, self.downloads, self.charts, opener=self.opener)

    @cached_property
    def rendering(self) -> Rendering | RemoteRendering:
        """Renders sources. Raises InvalidObject where nothing does."""
        from argosy.services.remotemaking import RemoteRendering
        from argosy.services.rendering import Rendering

        if self.makers is not None:
            return RemoteRendering(self.makers)
        if self.workshop is None:
            raise InvalidObject("this runtime renders nothing")
        return Rendering(self.blobs, self.workshop, self.plugins)

    @cached_property
    def ticker(self) -> Ticker:
        """Does what is due."""
        from argosy.services.tick import Ticker

        return Ticker(self)


def _unreachable(entry: Entry) -> Cluster:
    raise NotFound(f"cluster {entry.name} is reached by {entry.way}, which this function has no way for")


_current: Runtime | None = None


def use(runtime: Runtime) -> None:
    """Make `runtime` the one that handlers of this process work on."""
    global _current  # noqa: PLW0603 - a Lambda function is one process with one installation
    _current = runtime


def current() -> Runtime:
    """The runtime of this process, made from ARGOSY_RUNTIME when no entry point has set one.

    Raises InvalidObject when there is neither.
    """
    if _current is None:
        module, _, name = os.environ.get("ARGOSY_RUNTIME", "").partition(":")
        if not name:
            raise InvalidObject("no runtime: set ARGOSY_RUNTIME to module:function, or start through `argosy up`")
        use(getattr(import_module(module), name)())
    assert _current is not None  # noqa: S101 - `use` has set it
    return _current
