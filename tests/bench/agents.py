"""An agent with 5,000 objects of all kinds in view: its memory, how fast changes become events, what writes cost.

A development cluster, an agent in a process of its own as its pod would run it, SQS and S3 on a moto server in another,
the hub in this one. One JSON line each: `watching` (MB resident, watches, objects), `change` (ms from the API server's
answer to the event on the bus), `apply` (ms through the agent, and beyond what the API server itself takes), `door` (ms
from the API server's answer to an EventSource until its status says Deployed). Part of each figure is the emulated AWS: its
share is printed as `sqs` (ms for one message there and back). Last `door` by `argosy up --cluster`: until its webhook
answers, and until its status says so.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from argosy.adapters.kube.client import connect  # noqa: E402
from argosy.adapters.kube.direct import DirectCluster  # noqa: E402
from argosy.errors import ArgosyError  # noqa: E402
from argosy.local.devcluster import ClusterInfo, ensure_up, stop  # noqa: E402
from argosy.ports.queue import Outgoing  # noqa: E402
from argosy.services.agents.registry import Entry  # noqa: E402
from support.agents import AgentProcess, Hub, hub_on, pod_environment  # noqa: E402
from support.events import event_source  # noqa: E402
from support.motoserver import moto_process  # noqa: E402
from support.up import ask, free_port, running, until  # noqa: E402

OBJECTS = 5000
CHANGES = 300
WRITES = 200
DOORS = 30
NAMESPACE = "bench"
_UNWATCHED = {"events", "leases", "endpoints"}  # they change by themselves; Kubernetes writes them all the time


def fill(cluster: DirectCluster) -> None:
    """ConfigMaps, Secrets and others until there are 5,000 objects."""
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    text = "x" * 1000
    for number in range(OBJECTS):
        kind = ("ConfigMap", "Secret", "ServiceAccount", "ConfigMap")[number % 4]
        body: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": {"name": f"object-{number}"}}
        if kind != "ServiceAccount":
            body["stringData" if kind == "Secret" else "data"] = {"text": text}
        cluster.create(body, namespace=NAMESPACE)


def declare(cluster: DirectCluster) -> int:
    """One event source on every kind that can be listed and watched; how many there are."""
    kinds = [one for one in cluster.kinds() if {"list", "watch"} <= one.verbs and one.plural not in _UNWATCHED]
    entries = {}
    for one in kinds:
        group, _, version = one.api_version.rpartition("/")
        types = ["ADD", "UPDATE", "DELETE"]
        entries[f"{one.plural}-{group or 'core'}".replace(".", "-")] = {
            "group": group,
            "version": version,
            "resource": one.plural,
            "namespace": "",
            "eventTypes": types,
        }
    cluster.create(event_source({"resource": entries}, name="everything", namespace=NAMESPACE))
    return len(entries)


def spread(values: list[float]) -> dict[str, float]:
    """p50 and p99 in ms."""
    ordered = sorted(values)
    return {"p50": round(statistics.median(ordered), 1), "p99": round(ordered[int(len(ordered) * 0.99) - 1], 1)}


def timed(work: Callable[[], object]) -> float:
    """ms."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def changes(hub: Hub, cluster: DirectCluster) -> list[float]:
    """ms from the answer to a patch until its event is on the bus, one at a time."""
    found = []
    for number in range(CHANGES):
        cluster.patch("v1", "ConfigMap", NAMESPACE, "object-0", {"data": {"n": str(number)}})
        found.append(timed(lambda at=number: arrives(hub, at)))  # type: ignore[misc]
    return found


def arrives(hub: Hub, number: int) -> None:
    """Wait for the event of the change that wrote `number`."""
    began = time.perf_counter()
    while not any(f'"n":"{number}"' in one["data"] for one in hub.events()):
        if time.perf_counter() - began > 30:
            sys.exit("a change did not become an event within 30 s")
        time.sleep(0.001)


def writes(hub: Hub, cluster: DirectCluster) -> tuple[list[float], list[float]]:
    """ms of server-side applies through the agent, and by ourselves; each when the event of the last one has come."""

    def manifest(number: int) -> dict[str, Any]:
        metadata = {"name": "written", "namespace": NAMESPACE}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"n": str(number)}}

    through, direct = [], []
    for number in range(WRITES):
        remote = hub.runtime.clusters.named("edge", uuid.uuid4().hex)
        through.append(timed(lambda at=number, to=remote: to.apply(manifest(at))))  # type: ignore[misc]
        arrives(hub, number)
        direct.append(timed(lambda at=number: cluster.apply(manifest(at + WRITES))))  # type: ignore[misc]
        arrives(hub, number + WRITES)
    return through, direct


def doors(cluster: DirectCluster, name: str, in_force: Callable[[int], bool]) -> tuple[list[float], list[float]]:
    """ms from the answer to an EventSource until `in_force` holds for its port, and until its status says Deployed."""
    served, told = [], []
    for number in range(DOORS):
        port = free_port()
        hook = {"webhook": {"x": {"endpoint": "/x", "port": str(port), "method": "POST"}}}
        source = event_source(hook, name=f"{name}-{number}", namespace=NAMESPACE)
        cluster.create(source)
        began = time.perf_counter()
        until(lambda at=port: in_force(at), "it is in force")  # type: ignore[misc]
        served.append((time.perf_counter() - began) * 1000)
        until(lambda of=source: deployed(cluster, of), "its status says so")  # type: ignore[misc]
        told.append((time.perf_counter() - began) * 1000)
    return served, told


def deployed(cluster: DirectCluster, source: dict[str, Any]) -> bool:
    """Whether an object's status says so."""
    found = cluster.get(source["apiVersion"], source["kind"], NAMESPACE, source["metadata"]["name"])
    conditions = (found.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Deployed" and one["status"] == "True" for one in conditions)


def answers(port: int) -> bool:
    """Whether a webhook is served."""
    try:
        return ask(port, "/x", "{}", content_type="application/json").status == 200
    except OSError:
        return False


def there_and_back(hub: Hub) -> float:
    """ms for one message through the emulated SQS, median."""
    queue = hub.queue

    def once() -> None:
        queue.send("probe-commands", [Outgoing("x", group="g", dedup=uuid.uuid4().hex)])
        queue.delete("probe-commands", [one.handle for one in queue.receive("probe-commands", 1)])

    return round(statistics.median(timed(once) for _ in range(50)), 1)


def main() -> None:
    """Run all three and print them."""
    with tempfile.TemporaryDirectory() as temporary, moto_process() as endpoint:
        folder, name = Path(temporary), f"bench-{os.getpid()}"
        info = ensure_up(name, owner_pid=os.getpid(), wait_all=True)
        cluster = connect(info.kubeconfig)
        try:
            fill(cluster)
            with hub_on(endpoint, folder / "hub", [Entry("edge", "agent"), Entry("probe", "agent")]) as hub:
                measure(hub, cluster, AgentProcess(hub, "edge", pod_environment(info, folder / "pod"), folder / "log"))
            measure_up(cluster, info, folder / "up")
        finally:
            cluster.close()
            stop(name)


def measure(hub: Hub, cluster: DirectCluster, agent: AgentProcess) -> None:
    """The three lines."""
    agent.start()
    try:
        kinds = declare(cluster)
        until(lambda: len(hub.runtime.store.query("scopes/edge")) >= kinds, "all kinds are subscribed", 120)
        until(lambda: hub.watching("edge"), "all kinds are listed", 120)
        until(lambda: hub.heartbeat("edge")["objects"] >= OBJECTS, "all objects are in view", 120)
        seen = len(hub.events())
        quiet = time.monotonic()
        while time.monotonic() - quiet < 5:
            if found := len(hub.events()):
                seen, quiet = seen + found, time.monotonic()
            time.sleep(0.1)
        heartbeat = hub.heartbeat("edge")
        print_line(
            "watching",
            mb=round(agent.resident(), 1),
            watches=len(heartbeat["scopes"]),
            objects=heartbeat["objects"],
            events=seen,
        )
        sqs = there_and_back(hub)
        print_line("change", **spread(changes(hub, cluster)), sqs=sqs)
        through, direct = writes(hub, cluster)
        beyond = statistics.median(through) - statistics.median(direct)
        print_line("apply", **spread(through), beyond_p50=round(beyond, 1), server_p50=spread(direct)["p50"], sqs=sqs)
        print_line("door", **spread(doors(cluster, "edge", lambda _: True)[1]), sqs=sqs)
    except ArgosyError as x:
        sys.exit(f"{x}\n{agent.log.read_text()[-3000:]}")
    finally:
        agent.kill()


def measure_up(cluster: DirectCluster, info: ClusterInfo, data: Path) -> None:
    """The last line."""
    os.environ["KUBECONFIG"] = str(info.kubeconfig)
    context = yaml.safe_load(info.kubeconfig.read_text())["current-context"]
    with running(data, arguments=["--cluster", context]):
        doors(cluster, "first", answers)  # what was there before is taken in meanwhile
        served, told = doors(cluster, "up", answers)
    print_line("door", by="argosy up", answers=spread(served), status=spread(told))


def print_line(name: str, **figures: object) -> None:
    """One JSON line."""
    print(json.dumps({"bench": name, **figures}), flush=True)


if __name__ == "__main__":
    main()
