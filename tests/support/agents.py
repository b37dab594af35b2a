"""A hub on this machine and the agent of a cluster as a process of its own, with SQS and S3 between them on a moto server.

The hub is the embedded runtime with its two ends towards agents on SQS; `Mapping` is the event source mapping that AWS would
have. `ApiServer` is a second API server on the development cluster's etcd, which a test may kill and start again.
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.adapters.aws.blobs import S3Blobs
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.local.assembly import assemble
from argosy.local.datadir import DataDir
from argosy.local.devcluster import ClusterInfo
from argosy.local.functions import Context, handler, sqs_event
from argosy.ports.queue import Delivery, Outgoing, QueueSpec
from argosy.services import runtime as runtimes
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.registry import Entry
from argosy.services.mail import unpack
from argosy.services.queues import BUS, RECONCILE_APP, RECONCILE_DOOR, RECONCILE_ROLLOUT, TIMERS
from argosy.services.runtime import Runtime
from support.aws import REGION, make_bucket, make_queues
from support.processes import environment
from support.up import free_port, until

__all__ = ["AgentProcess", "ApiServer", "Hub", "hub_on", "pod_environment", "settled", "watched_in"]

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}

_HIDDEN = {"commands": 2, "reports": 6}
"""Seconds after which a message is seen again that was given to a process which was killed then."""

_PUMPED = {
    RECONCILE_APP: "reconcile_app",
    RECONCILE_DOOR: "reconcile_door",
    RECONCILE_ROLLOUT: "reconcile_rollout",
    TIMERS: "timer",
}


@dataclass
class Link:
    """`AgentLink` on SQS."""

    queue: SqsQueue

    def send(self, cluster: str, message: Outgoing) -> None:
        self.queue.send(f"{cluster}-commands", [message])


@dataclass
class Hub:
    """The hub; `reports` are those that came, in their order, `events` those on its bus."""

    runtime: Runtime
    queue: SqsQueue
    urls: dict[str, str]
    environ: dict[str, str]
    stage: str
    bucket: str
    folder: Path
    reports: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def serve(self, clusters: Sequence[str]) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._map, args=(name,)) for name in clusters]
        threads += [threading.Thread(target=self._pump, args=pumped) for pumped in _PUMPED.items()]
        for thread in threads:
            thread.start()
        return threads

    def stop(self) -> None:
        self._stop.set()

    def tick(self) -> None:
        self.runtime.ticker.tick()

    def events(self) -> list[dict[str, Any]]:
        """What is on the bus, taken from it."""
        found = []
        while deliveries := self.runtime.queue.receive(BUS, 100):
            found += [unpack(one.body, self.runtime.blobs)["event"] for one in deliveries]
            self.runtime.queue.delete(BUS, [one.handle for one in deliveries])
        return found

    def heartbeat(self, cluster: str) -> Mapping[str, Any]:
        row = self.runtime.store.get("agents", cluster)
        return row.data if row is not None else {}

    def watching(self, cluster: str) -> bool:
        """Whether every scope of the cluster's agent was listed."""
        scopes = {row.sk: row.data for row in self.runtime.store.query(f"scopes/{cluster}")}
        return bool(scopes) and all(data.get("listed") for data in scopes.values())

    def _map(self, cluster: str) -> None:
        """The event source mapping of a cluster's report queue."""
        name, seen = f"{cluster}-reports", set[str]()
        while not self._stop.is_set():
            deliveries = self.queue.receive(name, 10)
            for one in deliveries:
                if one.id not in seen:
                    seen.add(one.id)
                    self.reports.append((cluster, unpack(one.body, agent_blobs(self.runtime.blobs, cluster))))
            failed = self._call("agent_inbox", f"argosy-{self.stage}-agent-{cluster}-reports.fifo", deliveries)
            self.queue.delete(name, [one.handle for one in deliveries if one.id not in failed])
            self.queue.release(name, [one.handle for one in deliveries if one.id in failed], 1)

    def _pump(self, name: str, function: str) -> None:
        """The event source mapping of a queue of the hub's own."""
        local = self.runtime.queue
        while not self._stop.wait(0.05):
            deliveries = local.receive(name, 10)
            failed = self._call(function, name, deliveries)
            local.delete(name, [one.handle for one in deliveries if one.id not in failed])
            local.release(name, [one.handle for one in deliveries if one.id in failed], 1)

    def _call(self, function: str, queue: str, deliveries: Sequence[Delivery]) -> set[str]:
        if not deliveries:
            return set()
        result = handler(function)(sqs_event(queue, deliveries), Context(function))
        failed = {one["itemIdentifier"] for one in result["batchItemFailures"]}
        self.failures += [one.body[:300] for one in deliveries if one.id in failed]
        return failed


@contextlib.contextmanager
def hub_on(endpoint: str, folder: Path, clusters: Sequence[Entry]) -> Iterator[Hub]:
    """A hub in `folder` with these clusters registered, whose agents speak over the AWS at `endpoint`."""
    environ = {**CREDENTIALS, "AWS_ENDPOINT_URL": endpoint}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        with _hub(environ, folder, clusters) as hub:
            yield hub


@contextlib.contextmanager
def _hub(environ: dict[str, str], folder: Path, clusters: Sequence[Entry]) -> Iterator[Hub]:
    clients, stage = Clients(environ), f"it{uuid.uuid4().hex[:8]}"
    bucket = make_bucket(clients.s3, f"blobs-{stage}")
    agents = [entry.name for entry in clusters if entry.way == "agent"]
    specs = [
        QueueSpec(f"{name}-{kind}", fifo=True, visibility=hidden) for name in agents for kind, hidden in _HIDDEN.items()
    ]
    urls = make_queues(clients.sqs, specs, f"argosy-{stage}-agent-")
    queue = SqsQueue(specs, urls, clients, wait=1, drain=False)
    embedded = assemble(DataDir(folder))
    runtime = replace(embedded.runtime, link=Link(queue), blobs=S3Blobs(bucket, clients))
    runtimes.use(runtime)
    for entry in clusters:
        runtime.registry.add(entry)
    hub = Hub(runtime, queue, urls, environ, stage, bucket, folder)
    threads = hub.serve(agents)
    try:
        yield hub
    finally:
        hub.stop()
        for thread in threads:
            thread.join()
        embedded.close()


def pod_environment(cluster: ClusterInfo, folder: Path, port: int | None = None) -> dict[str, str]:
    """What a pod with full rights would find: a service account's folder, and where the API server is."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "token").write_text(config["users"][0]["user"]["token"])
    ca = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
    (folder / "ca.crt").write_bytes(ca)
    return {
        "ARGOSY_SERVICE_ACCOUNT_DIR": str(folder),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(port or cluster.server.rpartition(":")[2]),
    }


@dataclass
class AgentProcess:
    """`python -m argosy.agent` of one cluster; `start` and `kill` as often as wanted.

    `hosts`: names that its pod knows beside the machine's; the mount of its own /etc/hosts needs root.
    """

    hub: Hub
    cluster: str
    pod: dict[str, str]
    log: Path
    http_namespaces: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        signer = self.hub.runtime.signer
        assert signer is not None
        given = {
            "ARGOSY_CLUSTER": self.cluster,
            "ARGOSY_AGENT_COMMANDS": self.hub.urls[f"{self.cluster}-commands"],
            "ARGOSY_AGENT_REPORTS": self.hub.urls[f"{self.cluster}-reports"],
            "ARGOSY_BLOBS": self.hub.bucket,
            "ARGOSY_AGENT_KEYS": ",".join(signer.public_keys()),
            "ARGOSY_HTTP_NAMESPACES": self.http_namespaces,
            "ARGOSY_HEARTBEAT_SECONDS": "1",
        }
        env = environment(**self.hub.environ, **self.pod, **given)
        with self.log.open("ab") as log:
            command = [*self._wrapper(), sys.executable, "-m", "argosy.agent"]
            self._process = subprocess.Popen(command, env=env, stderr=log, stdout=log)

    def _wrapper(self) -> list[str]:
        if not self.hosts:
            return []
        own = self.log.with_name("hosts")
        lines = [f"{address} {name}\n" for name, address in self.hosts.items()]
        own.write_text(Path("/etc/hosts").read_text() + "".join(lines))
        mounted = 'mount --bind "$0" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", mounted, str(own)]

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None

    def resident(self) -> float:
        """MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 1e6


class ApiServer:
    """Another API server on the etcd of a development cluster."""

    def __init__(self, cluster: ClusterInfo, folder: Path, *more: str) -> None:
        """`more`: further arguments."""
        found = Path(f"/proc/{cluster.components['kube-apiserver']['pid']}")
        arguments = found.joinpath("cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
        self.port = free_port()
        self._arguments = [
            f"--secure-port={self.port}" if one.startswith("--secure-port") else one for one in arguments
        ] + [*more]
        self._cwd, self._log, self._cluster = found.joinpath("cwd").readlink(), folder / "apiserver.log", cluster
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        env = {"HOME": str(self._log.parent), "PATH": "/usr/bin:/bin"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._arguments, cwd=self._cwd, env=env, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def settled(hub: Hub, cluster: str) -> None:
    """Wait until the cluster's agent watches all that it is to watch."""
    until(lambda: hub.watching(cluster), f"agent of {cluster} watches", 30)


def watched_in(hub: Hub, cluster: str, namespace: str) -> None:
    """Wait until what an event source watches in a namespace was listed; other tests' may be in the cluster, too."""

    def listed() -> bool:
        rows = hub.runtime.store.query(f"scopes/{cluster}")
        return any(row.data["wanted"][3] == namespace and row.data.get("listed") for row in rows)

    until(listed, f"the agent of {cluster} watches what is in {namespace}")
