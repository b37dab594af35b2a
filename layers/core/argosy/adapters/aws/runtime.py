"""The runtime of a Lambda function, from its environment (ARGOSY_RUNTIME=argosy.adapters.aws.runtime:create).

ARGOSY_TABLE, ARGOSY_BLOBS and ARGOSY_STAGE name the table, the bucket and the installation, ARGOSY_QUEUE_<NAME> the URL of
each queue that a function uses. ARGOSY_ALLOWED_TARGETS is what triggers may reach; ARGOSY_EKS_CLUSTERS are the ARNs of the
clusters, the home cluster first; ARGOSY_TRIGGER_QUEUE names the queue whose firings a function carries out.
ARGOSY_SQS_FUNCTION, ARGOSY_SOURCES_ARN and ARGOSY_ALLOWED_SOURCES are for the function that wires event sources. Nothing is
called here, and what only some functions need is imported when they use it: clients of AWS at their first call, executors
when they first execute.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argosy.adapters.artifacts import SourceArtifacts
from argosy.adapters.aws.agentlink import SqsAgentLink
from argosy.adapters.aws.balancers import AwsBalancers
from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.errors import telling
from argosy.adapters.aws.makers import LambdaMakers
from argosy.adapters.aws.queue import SqsQueue, queue_urls, queue_variable
from argosy.adapters.aws.secrets import AwsSecrets, sealing_keys
from argosy.adapters.aws.store import DynamoStore
from argosy.adapters.git.repository import GitRepository
from argosy.adapters.hooks import HttpHookHosts
from argosy.adapters.http.outside import HttpOutside
from argosy.adapters.jq import LazyJq
from argosy.adapters.metrics.lazy import LazyMetrics
from argosy.adapters.pullrequests import HttpPullRequestHosts
from argosy.adapters.sealed import SealedSecrets
from argosy.adapters.signing.renewed import RenewedSigner
from argosy.adapters.signing.sealing import KeyOpener, KeySealer
from argosy.errors import InvalidObject, Unsupported
from argosy.ports.clock import Clock, SystemClock
from argosy.ports.cluster import Cluster
from argosy.ports.executor import Executor, FiringInfo, ObservingExecutor
from argosy.ports.secrets import Secrets
from argosy.ports.store import Store
from argosy.ports.wiring import Place, Wiring
from argosy.services.agents.registry import HOME, Entry, Registry
from argosy.services.queues import AWS_QUEUES, BUS, CLUSTER_KINDS, QUEUES, TRIGGERS
from argosy.services.runtime import Runtime

__all__ = ["AGENT_KEYS", "LazyExecutor", "LazyObserver", "Settings", "create"]

AGENT_KEYS = "agent-keys"
"""The secret, below the stage, that signs work for agents."""

# The trigger function's timeout and a little: after it nobody carries an attempt out any more.
_TRIGGER_SECONDS = 125.0
_NO_CLUSTER = "this stack has no cluster: name one in its parameter EksClusterArns"
_SERVER = (
    "a stack reaches clusters by EKS or through an agent, and keeps no token of one: argosy cluster add --eks, --agent"
)
_LATE_SECONDS = 120.0  # the schedule ticks once a minute, and one tick may fail


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is called on AWS; `queues` are URLs by name, those of dead-letter queues optional.

    `makers`: the functions that fetch and render, for one that calls them.
    """

    table: str
    bucket: str
    stage: str
    queues: Mapping[str, str]
    place: Place
    targets: Sequence[str] = ()
    sqs_function: str = ""
    sources_arn: str = ""
    open_webhooks: bool = False
    clusters: Sequence[str] = ()
    trigger_queue: str = TRIGGERS
    url: str = ""
    balancers: bool = False
    makers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the environment. Raises InvalidObject naming every variable that is missing."""
        given = os.environ if environ is None else environ
        names = ("ARGOSY_TABLE", "ARGOSY_BLOBS", "ARGOSY_STAGE")
        dead = {spec.dlq for spec in QUEUES}
        urls = queue_urls(AWS_QUEUES, given)
        queues = [queue_variable(spec.name) for spec in QUEUES if spec.name not in dead and spec.name not in urls]
        missing = [name for name in names if not given.get(name)] + queues
        if missing:
            raise InvalidObject(
                f"the environment lacks {', '.join(missing)}: template.yaml sets them for every function"
            )
        table, bucket, stage = (given[name] for name in names)
        place = Place(
            given.get("ARGOSY_PARTITION", "aws"),
            given.get("AWS_REGION", ""),
            given.get("ARGOSY_ACCOUNT", ""),
            stage,
            _listed(given.get("ARGOSY_ALLOWED_SOURCES", "")),
        )
        targets = _listed(given.get("ARGOSY_ALLOWED_TARGETS", ""))
        wired = (given.get("ARGOSY_SQS_FUNCTION", ""), given.get("ARGOSY_SOURCES_ARN", ""))
        opened = given.get("ARGOSY_OPEN_WEBHOOKS") == "true"
        clusters = _listed(given.get("ARGOSY_EKS_CLUSTERS", ""))
        own = given.get("ARGOSY_TRIGGER_QUEUE") or TRIGGERS
        url, balancers = given.get("ARGOSY_URL", ""), given.get("ARGOSY_LOAD_BALANCERS") == "true"
        named = {name: given.get(f"ARGOSY_{name.upper()}_FUNCTION", "") for name in ("fetch", "render")}
        makers = named if all(named.values()) else {}
        return cls(table, bucket, stage, urls, place, targets, *wired, opened, clusters, own, url, balancers, makers)


def _listed(text: str) -> Sequence[str]:
    return tuple(part for part in text.split(",") if part)


class LazyExecutor[E: Executor]:
    """An executor that is made when it first executes."""

    def __init__(self, make: Callable[[], E]) -> None:
        self._make = make
        self._made: E | None = None
        self._mutex = threading.Lock()

    async def execute(self, effect: Any, firing: FiringInfo) -> str:
        """See `Executor.execute`."""
        return await self._executor().execute(effect, firing)

    def _executor(self) -> E:
        with self._mutex:
            made = self._made = self._made or self._make()
        return made


class LazyObserver(LazyExecutor[ObservingExecutor]):
    """An executor, made when it is first needed, that can tell what it has written."""

    async def labels(self, effect: Any, firing: FiringInfo) -> Mapping[str, str] | None:
        """See `Observer.labels`."""
        return await self._executor().labels(effect, firing)


def create() -> Runtime:
    """The runtime that the environment describes. Raises InvalidObject when it is incomplete."""
    return assemble(Settings.read(), Clients())


def assemble(settings: Settings, clients: Clients) -> Runtime:
    """Wire a runtime on `clients`."""
    clock = SystemClock()
    blobs = S3Blobs(settings.bucket, clients)
    aws = LazyExecutor(lambda: _aws(settings, clients))
    cluster = LazyObserver(lambda: _cluster(lambda: runtime, clock))
    store = DynamoStore(settings.table, clients, clock, blobs)
    home = Entry(HOME, "eks", {"arn": settings.clusters[0]}, management=True) if settings.clusters else None
    kept = AwsSecrets(f"argosy/{settings.stage}", clients)
    opener = KeyOpener(lambda: sealing_keys(settings.stage, clients))
    secrets = SealedSecrets(kept, kept, store, Registry(store, home=home), opener)
    runtime = Runtime(
        store,
        SqsQueue(AWS_QUEUES, settings.queues, clients),
        blobs,
        secrets,
        clock,
        {
            "http": LazyExecutor(lambda: _http(secrets, lambda: runtime)),
            "log": LazyExecutor(_log),
            "slack": LazyExecutor(lambda: _slack(secrets, store, clock)),
            "email": LazyExecutor(lambda: _email(secrets)),
            "awsLambda": aws,
            "aws": aws,
            **dict.fromkeys(("kafka", "nats", "custom"), LazyExecutor(lambda: _messages(secrets))),
            **dict.fromkeys(CLUSTER_KINDS, cluster),
        },
        late_seconds=_LATE_SECONDS,
        claim_everything=True,
        claim_seconds=_TRIGGER_SECONDS,
        place=settings.place,
        open_webhooks=settings.open_webhooks,
        wiring=_wiring(settings, clients) if settings.sqs_function else None,
        trigger_queue=settings.trigger_queue,
        jq=LazyJq(),
        unserved={} if settings.clusters else dict.fromkeys(CLUSTER_KINDS, _NO_CLUSTER),
        observer=cluster,
        signer=RenewedSigner(lambda: _keys(settings, clients)),
        link=SqsAgentLink(settings.queues[BUS], settings.stage, clients),
        home=home,
        connect=lambda entry: _reach(entry, clients),
        base_url=lambda: settings.url,
        outside=HttpOutside(),
        opener=opener,
        sealer=KeySealer(),
        hook_hosts=HttpHookHosts() if settings.sqs_function else None,
        pull_requests=HttpPullRequestHosts() if settings.makers else None,
        artifacts=SourceArtifacts(secrets, GitRepository()),
        metrics=LazyMetrics(clients),
        balancers=AwsBalancers(clients) if settings.balancers else None,
        makers=LambdaMakers(clients, settings.place.region, settings.makers) if settings.makers else None,
    )
    return runtime


def _wiring(settings: Settings, clients: Clients) -> Wiring:
    from argosy.adapters.aws.wiring import AwsWiring

    return AwsWiring(clients, settings.sqs_function, settings.sources_arn, {"argosy:stage": settings.stage})


def _aws(settings: Settings, clients: Clients) -> Executor:
    from argosy.adapters.aws.executor import AwsExecutor

    place = settings.place
    return AwsExecutor(clients, settings.targets, partition=place.partition, account=place.account)


def _keys(settings: Settings, clients: Clients) -> str:
    """What signs work for agents; whoever may read it can make agents do anything that they may."""
    name = f"argosy/{settings.stage}/{AGENT_KEYS}"
    with telling(f"the keys of agents, secret {name} (argosy cluster add --agent makes it)"):
        return str(clients.secretsmanager.get_secret_value(SecretId=name)["SecretString"])


def _reach(entry: Entry, clients: Clients) -> Cluster:
    """A cluster without an agent. Raises Unsupported for one that has no way from a function."""
    from argosy.adapters.kube.eks import EksCluster, connect
    from argosy.adapters.kube.lazy import LazyCluster

    if entry.way != "eks":
        raise Unsupported(_SERVER, obj=f"cluster {entry.name}")
    found = EksCluster(*(entry.settings.get(key, "") for key in ("arn", "role_arn", "external_id")))
    return LazyCluster(lambda: connect(found, clients))


def _cluster(runtime: Callable[[], Runtime], clock: Clock) -> ObservingExecutor:
    from argosy.adapters.kube.executor import ClusterExecutor

    return ClusterExecutor(runtime().clusters.of_firing, clock)


def _http(secrets: Secrets, runtime: Callable[[], Runtime]) -> Executor:
    from argosy.adapters.http.executor import HttpExecutor

    return HttpExecutor(secrets, lambda: runtime().insides)


def _slack(secrets: Secrets, store: Store, clock: Clock) -> Executor:
    from argosy.adapters.slack.executor import SlackExecutor

    return SlackExecutor(secrets, store, clock)


def _email(secrets: Secrets) -> Executor:
    from argosy.adapters.mail.executor import EmailExecutor

    return EmailExecutor(secrets)


def _messages(secrets: Secrets) -> Executor:
    from argosy.adapters.messages import MessageExecutor

    return MessageExecutor(secrets)


def _log() -> Executor:
    from argosy.adapters.console.executor import LogExecutor

    return LogExecutor()
