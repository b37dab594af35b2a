"""Wires the embedded runtime: SQLite, files, the console, HTTP and, if there is one, a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from argosy.adapters.console.executor import LogExecutor
from argosy.adapters.files.blobs import FileBlobs
from argosy.adapters.files.secrets import ChainedSecrets, FileSecrets
from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.adapters.sqlite.store import SqliteStore
from argosy.local.datadir import DataDir
from argosy.ports.clock import SystemClock
from argosy.ports.cluster import Cluster
from argosy.ports.executor import Executor
from argosy.ports.secrets import Secrets
from argosy.services.queues import QUEUES
from argosy.services.runtime import Runtime

_TALLY_SECONDS = 1.0

__all__ = ["ClusterAccess", "Embedded", "assemble"]


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
    cluster: Cluster | None = None

    def close(self) -> None:
        """Close the files."""
        self.queue.close()
        self.store.close()


def assemble(
    data: DataDir,
    *,
    cluster: ClusterAccess | None = None,
    durable: bool = True,
    serving: bool = False,
    instance: bool = False,
) -> Embedded:
    """Wire a runtime on a data directory.

    `durable`: whether what is sent is fsynced (see `SqliteQueue`). `serving`: it carries out triggers. `instance`: it is a
    process of `argosy up`, whose worker moves the databases' logs in the background.
    """
    clock = SystemClock()
    store = SqliteStore(data.store, clock, background_checkpoints=instance)
    queue = SqliteQueue(data.queue, QUEUES, clock, durable=durable, background_checkpoints=instance)
    secrets: Secrets = FileSecrets(data.root)
    executors: dict[str, Executor] = {}
    lazy: Cluster | None = None
    if cluster is not None:
        from argosy.adapters.kube.cached import CachedSecrets
        from argosy.adapters.kube.lazy import LazyCluster
        from argosy.adapters.kube.secrets import ClusterSecrets

        lazy = LazyCluster(Path(cluster.kubeconfig) if cluster.kubeconfig else None, cluster.context or None)
        secrets = ChainedSecrets([secrets, CachedSecrets(ClusterSecrets(lazy))])
        if serving:
            from argosy.adapters.kube.executor import CreateExecutor

            executors |= {"k8s": CreateExecutor(lazy), "argoWorkflow": CreateExecutor(lazy)}
    if serving:
        from argosy.adapters.http.executor import HttpExecutor

        executors |= {"http": HttpExecutor(secrets), "log": LogExecutor()}
    tally = _TALLY_SECONDS if serving else 0.0
    runtime = Runtime(store, queue, FileBlobs(data.blobs), secrets, clock, executors, tally)
    return Embedded(runtime, queue, store, lazy)
