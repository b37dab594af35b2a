"""The agents of `argosy up`, in its worker process: one for the home cluster, one for each registered kubeconfig context and
for each cluster that one of Argo CD's Secrets names.

They speak with the hub through two of its own queues, and do nothing that an agent in a cluster does not do. A cluster that
cannot be reached is tried again; one that is registered meanwhile is found.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from argosy.adapters.batches import fifo_processor, report_failures
from argosy.adapters.http.inside import InsideHttp
from argosy.adapters.kube import registered
from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.watcher import HttpWatcher
from argosy.adapters.signing.ed25519 import KeyVerifier
from argosy.adapters.signing.sealing import KeySealer
from argosy.agent.brokers import library_brokers
from argosy.agent.runner import Agent, Connections
from argosy.errors import ArgosyError, NotFound
from argosy.local.agentlink import CLUSTER
from argosy.local.assembly import ClusterAccess, Embedded
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.registry import SECRET, Entry
from argosy.services.queues import AGENT_COMMANDS, AGENT_REPORTS

__all__ = ["LocalAgents"]

_LOOK_SECONDS: Final = 2.0
_AGAIN_SECONDS: Final = 5.0
_START_SECONDS: Final = 5.0
_log = logging.getLogger("argosy.local")


class LocalAgents:
    """The agents."""

    def __init__(self, embedded: Embedded, home: ClusterAccess | None) -> None:
        self._embedded, self._home = embedded, home
        self._agents: dict[str, tuple[Entry, Agent]] = {}
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, name="agents", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let them go: they hold nothing that must be finished."""
        self._stop.set()

    def handler(self, event: dict[str, Any], context: Any) -> Any:
        """Commands of the queue, as a function takes them: each is done by its cluster's agent."""
        del context
        processor = fifo_processor()

        def work(record: Any) -> None:
            cluster = record["messageAttributes"][CLUSTER]["stringValue"]
            self._started(cluster).handle(record["body"])

        with processor(event["Records"], work):
            processor.process()
        report_failures(processor, "work of an agent not done")
        return processor.response()

    def _started(self, cluster: str) -> Agent:
        """The agent of a cluster; one that is being started is waited for."""
        with self._changed:
            self._changed.wait_for(lambda: cluster in self._agents, _START_SECONDS)
            found = self._agents.get(cluster)
        if found is None:
            raise NotFound(f"the agent of cluster {cluster} is not running: its cluster cannot be reached")
        return found[1]

    def _look(self) -> None:
        while not self._stop.is_set():
            try:
                self._start_all()
            except Exception as x:  # noqa: BLE001 - without this thread no cluster would ever be watched
                _log.error("agents: %r", x)
            self._stop.wait(_LOOK_SECONDS)

    def _start_all(self) -> None:
        """Start the agents of clusters that are registered, or registered otherwise, since the last look."""
        try:
            wanted = {entry.name: entry for entry in self._embedded.runtime.registry.all() if self._runs(entry)}
        except ArgosyError as x:
            _log.warning("the clusters cannot be read: %s", x)
            return
        for name in self._agents.keys() - wanted.keys():
            del self._agents[name]  # it was removed; its thread ends by itself
        for name, entry in wanted.items():
            if name not in self._agents or self._agents[name][0].settings != entry.settings:
                self._start(entry)

    def _runs(self, entry: Entry) -> bool:
        if entry.way == "home":
            return self._home is not None
        return entry.way == "agent" and ("context" in entry.settings or SECRET in entry.settings)

    def _start(self, entry: Entry) -> None:
        try:
            cluster = self._connect(entry)
        except ArgosyError as x:
            _log.info("the agent of cluster %s waits: %s", entry.name, x)
            return
        agent = Agent(self._connections(entry, cluster))
        with self._changed:
            self._agents[entry.name] = (entry, agent)
            self._changed.notify_all()
        threading.Thread(target=self._run, args=(entry, agent), name=f"agent-{entry.name}", daemon=True).start()

    def _connect(self, entry: Entry) -> DirectCluster:
        if SECRET in entry.settings:
            access = self._embedded.runtime.applications.destinations.access(entry)
            return registered.by_access(entry.name, entry.settings["server"], access)
        if entry.way == "home" and self._home is not None:
            place = self._home
        else:
            settings: Mapping[str, str] = entry.settings
            place = ClusterAccess(settings.get("kubeconfig", ""), settings.get("context", ""))
        return connect(Path(place.kubeconfig) if place.kubeconfig else None, place.context or None)

    def _connections(self, entry: Entry, cluster: DirectCluster) -> Connections:
        runtime = self._embedded.runtime
        return Connections(
            entry.name,
            cluster,
            HttpWatcher(cluster.connection.door()),
            runtime.queue,
            agent_blobs(runtime.blobs, entry.name),
            KeyVerifier(runtime.signer.public_keys() if runtime.signer is not None else ()),
            KeySealer(),
            InsideHttp(("*",)),
            runtime.clock,
            cluster.server_time,
            AGENT_COMMANDS,
            AGENT_REPORTS,
            {CLUSTER: entry.name},
            brokers=partial(library_brokers, cluster),
            aside=runtime.aside,
        )

    def _run(self, entry: Entry, agent: Agent) -> None:
        while not self._stop.is_set() and self._agents.get(entry.name) == (entry, agent):
            try:
                asyncio.run(self._until_changed(entry, agent))
            except Exception as x:  # noqa: BLE001 - an agent that ends would leave its cluster unwatched without a word
                _log.error("agent of cluster %s: %r; it is started again", entry.name, x)
                self._stop.wait(_AGAIN_SECONDS)

    async def _until_changed(self, entry: Entry, agent: Agent) -> None:
        """Run until the cluster is registered otherwise, or this process stops."""
        running = asyncio.create_task(agent.run())
        gone = partial(self._gone, entry, agent)
        while not running.done() and not gone():
            await asyncio.wait({running}, timeout=_LOOK_SECONDS)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    def _gone(self, entry: Entry, agent: Agent) -> bool:
        return self._stop.is_set() or self._agents.get(entry.name) != (entry, agent)
