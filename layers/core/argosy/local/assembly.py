"""Wires the embedded runtime: SQLite, files, the console, HTTP and, if there is one, a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from argosy.adapters.afterwards import Afterwards
from argosy.adapters.artifacts import SourceArtifacts
from argosy.adapters.aws.balancers import AwsBalancers
from argosy.adapters.aws.clients import Clients
from argosy.adapters.charts.repository import ChartRepositories
from argosy.adapters.console.executor import LogExecutor
from argosy.adapters.files.blobs import FileBlobs
from argosy.adapters.files.secrets import ChainedSecrets, FileSecrets
from argosy.adapters.git.repository import GitRepository
from argosy.adapters.hooks import HttpHookHosts
from argosy.adapters.http.downloads import HttpDownloads
from argosy.adapters.http.outside import HttpOutside, Later
from argosy.adapters.jq import LazyJq
from argosy.adapters.metrics.lazy import LazyMetrics
from argosy.adapters.pullrequests import HttpPullRequestHosts
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.adapters.sealed import SealedSecrets
from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.adapters.signing.sealing import KeyOpener, new_seal_keys, with_public_half
from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.adapters.sqlite.store import SqliteStore
from argosy.local.agentlink import QueueLink
from argosy.local.datadir import DataDir
from argosy.local.token import make_private
from argosy.ports.access import Authoriser
from argosy.ports.clock import SystemClock
from argosy.ports.cluster import Cluster
from argosy.ports.executor import Executor, FiringInfo, Observer
from argosy.ports.secrets import Secrets
from argosy.services.access import IamAuthoriser
from argosy.services.agents.registry import HOME, Entry, Registry
from argosy.services.queues import LOCAL_QUEUES
from argosy.services.runtime import Runtime

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster
    from argosy.resources.plugin import ConfigManagementPlugin

PATIENCE_SECONDS = 0.2
_TALLY_SECONDS = 1.0
_WATCH_SECONDS = 0.2
_LATE_SECONDS = 5.0  # the ticker looks every second; what is later was missed, as in Argo

__all__ = ["PATIENCE_SECONDS", "ClusterAccess", "Embedded", "assemble"]


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """How to reach the cluster: a kubeconfig file ("" = the user's) and a context ("" = its current one)."""

    kubeconfig: str = ""
    context: str = ""


@dataclass(frozen=True)
class Embedded:
    """The runtime of one process, with the adapters that its entry point needs by their own type."""

    runtime: Runtime
    queue: SqliteQueue
    store: SqliteStore
    patient_secrets: Secrets
    clock: SystemClock
    link: QueueLink
    afterwards: Afterwards
    cluster: Cluster | None = None

    def close(self) -> None:
        """Do what was left for later, close the files."""
        self.afterwards.close()
        self.queue.close()
        self.store.close()


def assemble(
    data: DataDir,
    *,
    cluster: ClusterAccess | None = None,
    durable: bool = True,
    serving: bool = False,
    authoriser: Authoriser | None = None,
    plugins: Sequence[ConfigManagementPlugin] = (),
) -> Embedded:
    """Wire a runtime on a data directory.

    `durable`: whether what is sent is fsynced (see `SqliteQueue`). `serving`: a long-lived process that carries out triggers
    and moves the databases' logs in the background. The gateway process moves them as it commits, every thousand pages:
    that keeps the log short, and writing over an old log is much faster than making it longer. `authoriser`: who lets
    requests to the API in; without it nobody does. `plugins` render besides Helm and Kustomize.
    """
    clock = SystemClock()
    store = SqliteStore(data.store, clock, background_checkpoints=serving)
    queue = SqliteQueue(data.queue, LOCAL_QUEUES, clock, durable=durable, background_checkpoints=serving)
    kept = FileSecrets(data.root)
    secrets: Secrets = kept
    patient = secrets
    executors: dict[str, Executor] = {}
    lazy: Cluster | None = None
    observer: Observer | None = None

    def of_firing(firing: FiringInfo, name: str) -> Cluster:
        return runtime.clusters.of_firing(firing, name)

    if cluster is not None:
        from argosy.adapters.kube.cached import CachedSecrets
        from argosy.adapters.kube.lazy import LazyCluster
        from argosy.adapters.kube.secrets import ClusterSecrets

        lazy = LazyCluster(partial(_connect, cluster))
        cached = CachedSecrets(ClusterSecrets(lazy))
        patient = ChainedSecrets([secrets, cached])
        # The gateway answers requests on an event loop: it takes what memory holds and waits for nobody.
        secrets = patient if serving else ChainedSecrets([secrets, cached.at_once])
    home = Entry(HOME, "home", management=True) if cluster is not None else None
    opener = KeyOpener(partial(_seal, data))
    registry = Registry(store, home=home)
    secrets, patient = (SealedSecrets(one, kept, store, registry, opener) for one in (secrets, patient))
    if serving:
        from argosy.adapters.http.executor import HttpExecutor
        from argosy.adapters.kube.executor import ClusterExecutor
        from argosy.adapters.mail.executor import EmailExecutor
        from argosy.adapters.messages import SENDERS, MessageExecutor
        from argosy.adapters.slack.executor import SlackExecutor

        observer = ClusterExecutor(of_firing, clock)
        executors |= {"k8s": observer, "argoWorkflow": observer}
        executors |= {"http": HttpExecutor(secrets, lambda: runtime.insides), "log": LogExecutor()}
        executors |= {"slack": SlackExecutor(secrets, store, clock), "email": EmailExecutor(secrets)}
        executors |= dict.fromkeys(SENDERS, MessageExecutor(secrets))
    tally = _TALLY_SECONDS if serving else 0.0
    link = QueueLink(queue)
    afterwards, repository = Afterwards(), GitRepository(files=True)
    runtime = Runtime(
        store,
        queue,
        FileBlobs(data.blobs),
        secrets,
        clock,
        executors,
        tally,
        _LATE_SECONDS,
        authoriser=authoriser or IamAuthoriser(),  # no API Gateway stands before us that could vouch for anybody
        watch_seconds=_WATCH_SECONDS,
        repository=repository,
        downloads=HttpDownloads(),
        workshop=ToolWorkshop(_tool),
        plugins=plugins,
        charts=ChartRepositories(),
        jq=LazyJq(),
        observer=observer,
        signer=KeySigner(partial(_keys, data)),
        link=link,
        home=home,
        connect=partial(_reach, lazy, secrets),
        base_url=lambda: str((data.told("instance") or {}).get("api", "")),
        outside=HttpOutside() if serving else HttpOutside(Later()),
        opener=opener,
        hook_hosts=HttpHookHosts() if serving else None,
        pull_requests=HttpPullRequestHosts() if serving else None,
        artifacts=SourceArtifacts(secrets, repository, data.files) if serving else None,
        metrics=LazyMetrics() if serving else None,
        balancers=AwsBalancers(Clients()) if serving else None,
        joins=True,
        aside=afterwards,
        patience_seconds=PATIENCE_SECONDS if serving else 0.0,
    )
    return Embedded(runtime, queue, store, patient, clock, link, afterwards, lazy)


def _keys(data: DataDir) -> str:
    make_private(data.agent_keys, "signing keys", new_keys)
    return with_public_half(data.agent_keys.read_text(), _seal(data))


def _seal(data: DataDir) -> str:
    make_private(data.agent_seal, "sealing keys", new_seal_keys)
    return data.agent_seal.read_text()


def _reach(home: Cluster | None, secrets: Secrets, entry: Entry) -> Cluster:
    """A registered cluster that this process reaches itself."""
    if entry.way == "home" and home is not None:
        return home
    from argosy.adapters.kube.lazy import LazyCluster
    from argosy.adapters.kube.registered import connect

    return LazyCluster(lambda: connect(entry.name, entry.way, entry.settings, secrets))


def _tool(name: str) -> Path:
    from argosy.local.rendertools import find

    return find(name)


def _connect(access: ClusterAccess) -> DirectCluster:
    from argosy.adapters.kube.client import connect

    return connect(Path(access.kubeconfig) if access.kubeconfig else None, access.context or None)
