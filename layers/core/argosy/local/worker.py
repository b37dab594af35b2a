"""The worker process of `argosy up`: pumps, ticker and housekeeping, beside the gateway process that takes events in.

Ends when its standard input does, so that it does not outlive the process that started it, however that one died.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.errors import ArgosyError
from argosy.local.agents import LocalAgents
from argosy.local.assembly import PATIENCE_SECONDS, ClusterAccess, Embedded, assemble
from argosy.local.connectors import LocalConnectors
from argosy.local.console import configure_logging
from argosy.local.datadir import DataDir
from argosy.local.draining import DRAIN, DRAIN_SECONDS
from argosy.local.fifopump import FifoPump
from argosy.local.functions import Context, handler, schedule_event
from argosy.local.memory import settle_memory
from argosy.local.plugins import load_plugins
from argosy.local.pumps import Pump
from argosy.local.wake import WORK, Sleeper, Waker
from argosy.ports.cluster import Cluster
from argosy.services.queues import (
    AGENT_COMMANDS,
    AGENT_REPORTS,
    BUS,
    RECONCILE_APP,
    RECONCILE_DOOR,
    RECONCILE_ROLLOUT,
    RECONCILE_SOURCE,
    TIMERS,
    TRIGGERS,
)
from argosy.services.runtime import use

__all__ = ["Worker", "main"]

ORPHANED = 4
BUS_BATCH = 100
TRIGGER_BATCH = 64
TIMER_BATCH = 100
_CLUSTER_AGAIN = 10.0
_WORK_WAIT = 5.0
_KEEP_HOUSE = timedelta(seconds=1)
_BLOB_AGE = timedelta(days=15)
_log = logging.getLogger("argosy.local")


@dataclass
class Worker:
    """Everything that runs beside the gateway."""

    data: DataDir
    cluster: ClusterAccess | None
    plugins: Path | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _orphaned: bool = False

    def run(self) -> bool:
        """Work until standard input ends or SIGTERM comes, then drain; True when everything in flight was finished."""
        self.data.claim("worker", {"pid": os.getpid()})
        embedded = assemble(
            self.data, cluster=self.cluster, durable=False, serving=True, plugins=load_plugins(self.plugins)
        )
        use(embedded.runtime)
        triggers = Pump(embedded.queue, TRIGGERS, handler("trigger"), batch=TRIGGER_BATCH, limit=16)
        bus = Pump(
            embedded.queue,
            BUS,
            handler("sensor"),
            batch=BUS_BATCH,
            limit=16,
            following=triggers,
            pipe=self.data.pipe("worker"),
        )
        timers = Pump(embedded.queue, TIMERS, handler("timer"), batch=TIMER_BATCH, limit=1)
        for pump in (bus, triggers, timers):
            pump.start()
        agents, fifos = self._agents(embedded, [bus, triggers, timers])
        connectors = LocalConnectors(embedded)
        connectors.start()
        ticking = threading.Thread(target=self._tick, args=(embedded,), name="ticker", daemon=True)
        ticking.start()
        if embedded.cluster is not None:
            threading.Thread(target=self._watch_cluster, args=(embedded.cluster,), name="cluster", daemon=True).start()
        sleeper = Sleeper(self.data.pipe("work"))
        threading.Thread(target=self._watch_work, args=(sleeper, embedded.queue), name="work", daemon=True).start()
        threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: self._stop.set())
        settle_memory()
        self._announce()
        while not self._stop.wait(0.1):
            bus.relieve()
            triggers.relieve()
        # In the order of the flow: what the bus still holds becomes firings, which are then carried out.
        if self._orphaned:
            # As if it had been killed too: the next run takes up what is in flight.
            os._exit(ORPHANED)
        connectors.stop()
        agents.stop()
        pumps: list[Pump | FifoPump] = [*fifos, bus, triggers, timers]
        drained = all([pump.stop(DRAIN_SECONDS) for pump in pumps])
        ticking.join(1)
        embedded.runtime.outcomes.write(now=True)
        embedded.runtime.history.write(now=True)
        embedded.close()
        return drained

    def _agents(self, embedded: Embedded, others: Sequence[Pump]) -> tuple[LocalAgents, Sequence[FifoPump]]:
        """Start the agents and the pumps between them and the hub; `others` are the pumps that are there already."""
        queue = embedded.queue
        # What is declared in a cluster opens and closes ports of the gateway, which else looks every two seconds.
        door = FifoPump(queue, RECONCILE_DOOR, handler("reconcile_door"), after=[Waker(self.data.pipe("gateway"))])
        hooks = FifoPump(queue, RECONCILE_SOURCE, handler("reconcile_source"))
        rollouts = FifoPump(queue, RECONCILE_ROLLOUT, handler("reconcile_rollout"), threads=4)
        apps = FifoPump(queue, RECONCILE_APP, handler("reconcile_app"), threads=8)
        reports = FifoPump(queue, AGENT_REPORTS, handler("agent_inbox"), threads=2)
        agents = LocalAgents(embedded, self.cluster)
        commands = FifoPump(queue, AGENT_COMMANDS, agents.handler, threads=4)
        fifos = (commands, reports, door, hooks, rollouts, apps)
        # Whoever sends wakes who works on it: a timer that rings, an object that wakes another, an agent that reports.
        everyone: list[Pump | FifoPump] = [*fifos, *others]
        queue.watchers = {pump.name: pump.wake for pump in everyone}
        for pump in fifos:
            pump.start()
        agents.start()
        return agents, fifos

    def _announce(self) -> None:
        print("ready", flush=True)  # noqa: T201 - the gateway process waits for this line
        # Nobody reads the pipe any more: what is printed from now on belongs to the console.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def _watch_parent(self) -> None:
        """The gateway sends a line when it is time to drain; without it, the end of its pipe is its death."""
        told = b""
        while data := os.read(sys.stdin.fileno(), 64):
            told += data
        self._orphaned = DRAIN not in told
        self._stop.set()

    def _watch_work(self, sleeper: Sleeper, queue: SqliteQueue) -> None:
        """Wake who works on what another process has sent."""
        while not self._stop.is_set():
            if sleeper.wait(_WORK_WAIT):
                for name in WORK:
                    queue.watchers[name]()

    def _watch_cluster(self, cluster: Cluster) -> None:
        """Say whether the cluster can be reached, and again when that has changed for the better."""
        said = False
        while not self._stop.is_set():
            try:
                _log.info("cluster reached: Kubernetes %s", cluster.version())
            except ArgosyError as x:
                if not said:
                    _log.warning(
                        "the cluster cannot be reached: %s; triggers on it fail until it can, the rest goes on", x
                    )
                said = True
                self._stop.wait(_CLUSTER_AGAIN)
            else:
                return

    def _tick(self, embedded: Embedded) -> None:
        tick, context = handler("tick"), Context("tick")
        kept = swept = datetime.min.replace(tzinfo=UTC)
        while not self._stop.is_set():
            wait = PATIENCE_SECONDS
            try:
                now = datetime.now(UTC)
                due = embedded.store.next_due()
                if due is not None and due <= now.timestamp():
                    tick(dict(schedule_event("tick", now.strftime("%Y-%m-%dT%H:%M:%SZ"))), context)
                    due = embedded.store.next_due()
                if due is not None:
                    wait = min(wait, max(0.0, due - datetime.now(UTC).timestamp()))
                if now - kept >= _KEEP_HOUSE:
                    kept = now
                    embedded.runtime.outcomes.write(now=True)
                    embedded.runtime.history.write(now=True)
                    embedded.queue.checkpoint()
                    embedded.store.checkpoint()
                if now - swept > timedelta(hours=1):
                    embedded.store.sweep()
                    embedded.runtime.blobs.sweep(now - _BLOB_AGE)
                    swept = now
            except Exception as x:  # noqa: BLE001 - as on AWS, a tick that fails is followed by the next
                _log.error("tick: %r", x)
            self._stop.wait(wait)


def main() -> None:
    """Entry point: `python -m argosy.local.worker DATA CLUSTER KUBECONFIG CONTEXT PLUGINS` (CLUSTER is `yes` or `no`)."""
    data, cluster, kubeconfig, context, plugins = sys.argv[1:6]
    configure_logging()
    access = ClusterAccess(kubeconfig, context) if cluster == "yes" else None
    drained = Worker(DataDir(Path(data)), access, Path(plugins) if plugins else None).run()
    sys.exit(0 if drained else 3)


if __name__ == "__main__":
    main()
