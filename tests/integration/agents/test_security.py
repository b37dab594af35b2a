"""What an agent refuses, what a hub refuses, and what never leaves a cluster: a real agent and all that it writes to."""

from __future__ import annotations

import base64
import signal
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.adapters.aws.clients import Clients
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.signing.ed25519 import KeySigner, new_keys
from argosy.control.agents.work import LIFE, Work, sealed
from argosy.local.devcluster import ClusterInfo
from argosy.ports.clusterrequests import Request
from argosy.ports.queue import Outgoing
from argosy.ports.signing import Signer
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from argosy.services.mail import pack
from contracts.cluster import config_map
from support.agents import AgentProcess, Hub, hub_on, pod_environment, settled
from support.events import event_source
from support.up import until

pytestmark = pytest.mark.cluster

_FORGED = new_keys()
FORGER = KeySigner(lambda: _FORGED)


@pytest.fixture(scope="module")
def hub(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """With `other`, whose agent is away."""
    clusters = [Entry("edge", "agent"), Entry("other", "agent")]
    with hub_on(aws, tmp_path_factory.mktemp("hub"), clusters) as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "agent.log"


@pytest.fixture(scope="module")
def agent(
    hub: Hub, dev_cluster: ClusterInfo, log: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AgentProcess]:
    process = AgentProcess(hub, "edge", pod_environment(dev_cluster, tmp_path_factory.mktemp("agent") / "pod"), log)
    process.start()
    settled(hub, "edge")
    yield process
    process.kill(signal.SIGTERM)


# Work


def creating(hub: Hub, namespace: str, name: str = "run-", *, cluster: str = "edge", late: float = 0.0) -> Work:
    """Work that makes a ConfigMap whose name begins so; issued `late` seconds ago."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": name}}
    issued = hub.runtime.clock.now() - timedelta(seconds=late)
    body = Request("create", {"manifest": manifest, "namespace": namespace}).as_json()
    return Work(uuid.uuid4().hex, cluster, "request", body, issued, issued + LIFE)


def command(hub: Hub, message: Mapping[str, Any], group: str = "") -> None:
    """Put a message into the command queue of `edge`, as whoever may write there can."""
    body = pack(message, agent_blobs(hub.runtime.blobs, "edge"))
    hub.queue.send("edge-commands", [Outgoing(body, group=group or uuid.uuid4().hex, dedup=uuid.uuid4().hex)])


def made(administrator: DirectCluster, namespace: str) -> list[str]:
    found = administrator.list("v1", "ConfigMap", namespace)
    return [one["metadata"]["name"] for one in found if one["metadata"]["name"].startswith("run-")]


def signer(hub: Hub) -> Signer:
    assert hub.runtime.signer is not None
    return hub.runtime.signer


@pytest.mark.parametrize(
    ("given", "forged", "reason"),
    [
        ({}, True, "not that of our hub"),
        ({"cluster": "other"}, False, "the work is for cluster 'other', this is 'edge'"),
        ({"late": 301}, False, "the work expired at"),
        ({"late": -120}, False, "the work is from the future"),
    ],
)
def test_work_that_is_refused_is_counted_and_the_next_is_done(
    hub: Hub,
    agent: AgentProcess,
    administrator: DirectCluster,
    namespace: str,
    given: dict[str, Any],
    forged: bool,
    reason: str,
) -> None:
    before = hub.heartbeat("edge")["refused"]
    command(hub, sealed(creating(hub, namespace, **given), FORGER if forged else signer(hub)), "one")
    until(lambda: hub.heartbeat("edge")["refused"] == before + 1, "the heartbeat tells of it")
    assert reason in hub.heartbeat("edge")["refusal"]
    command(hub, sealed(creating(hub, namespace), signer(hub)), "one")
    until(lambda: made(administrator, namespace), "good work is done")
    assert len(made(administrator, namespace)) == 1
    assert hub.heartbeat("edge")["refused"] == before + 1


@pytest.mark.parametrize(
    "message", [{}, {"work": 7, "key": [], "signature": None}, {"work": "{}", "key": [], "signature": "ä"}]
)
def test_what_is_no_work_holds_up_nothing(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str, message: dict[str, Any]
) -> None:
    before = hub.heartbeat("edge")["refused"]
    command(hub, message, "one")
    command(hub, sealed(creating(hub, namespace), signer(hub)), "one")
    until(lambda: made(administrator, namespace), "what came behind it is done")
    until(lambda: hub.heartbeat("edge")["refused"] == before + 1, "the heartbeat tells of it")


def test_a_replay_is_done_once_and_answered_alike(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    work = creating(hub, namespace)
    for _ in range(3):
        command(hub, sealed(work, signer(hub)))

    def results() -> list[Any]:
        return [one["value"] for _, one in list(hub.reports) if one.get("id") == work.id and "value" in one]

    until(lambda: len(results()) >= 3, "three answers")
    assert len(made(administrator, namespace)) == 1
    assert {one["metadata"]["name"] for one in results()} == set(made(administrator, namespace))


# Reports


def report(hub: Hub, cluster: str, body: Mapping[str, Any]) -> None:
    """Put a report into the queue of a cluster's agent, as that agent can."""
    text = pack(body, agent_blobs(hub.runtime.blobs, cluster))
    hub.queue.send(f"{cluster}-reports", [Outgoing(text, group="forged", dedup=uuid.uuid4().hex)])


def test_a_report_counts_for_the_cluster_whose_queue_it_came_by(hub: Hub, agent: AgentProcess) -> None:
    store, blobs = hub.runtime.store, hub.runtime.blobs
    scope = next(key for key, (one, _) in Mirror(store, blobs, "edge").scopes().items() if one.resource == "sensors")
    Mirror(store, blobs, "other").watch([one for one, _ in Mirror(store, blobs, "edge").scopes().values()])
    hub.runtime.errands.send("other", "w", "request", {}, "g")
    obj = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Sensor",
        "metadata": {"name": "forged", "namespace": "x@other"},
    }
    item = [scope, "ADDED", "x", "forged", "u", 1, obj]
    names = {"cluster": "other", "sender": "other"}
    report(hub, "edge", {"report": "result", "id": "w", "value": "forged", **names})
    report(hub, "edge", {"report": "heartbeat", "scopes": {}, "version": "forged", **names})
    report(hub, "edge", {"report": "inventory", "scope": scope, "version": 1, "objects": {}, **names})
    report(hub, "edge", {"report": "changes", "items": [item], **names})
    until(lambda: Mirror(store, blobs, "edge").find(scope, "x", "forged"), "it counts for edge")
    assert Mirror(store, blobs, "other").find(scope, "x", "forged") is None
    assert hub.heartbeat("other") == {}
    assert hub.runtime.errands.result("other", "w") is None
    assert Mirror(store, blobs, "other").scopes()[scope][1] == "", "nothing of it was listed"
    assert hub.runtime.objects.of_home("Sensor", "other") == []


def test_a_report_of_a_cluster_that_was_removed_is_set_aside(hub: Hub, agent: AgentProcess) -> None:
    before = hub.runtime.queue.depth("agent-reports-dlq").total
    hub.runtime.registry.remove("other")
    report(hub, "other", {"report": "heartbeat", "scopes": {}})
    until(lambda: hub.runtime.queue.depth("agent-reports-dlq").total == before + 1, "set aside")
    assert hub.heartbeat("other") == {}
    assert hub.failures == []
    hub.runtime.registry.add(Entry("other", "agent"))


# Secrets


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(name: str, canary: str, size: int = 0) -> dict[str, Any]:
    """A Secret that begins with the canary, as kubectl applies one."""
    data = {"password": encoded(canary + "x" * size)}
    applied = orjson.dumps({"data": data, "stringData": {"password": canary}}).decode()
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied} if not size else {}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": annotations}, "data": data}


def everything(hub: Hub, events: list[dict[str, Any]], log: Path) -> bytes:
    """All that has come out of the cluster: reports, events, rows and queues, blobs, the agent's log."""
    s3 = Clients(hub.environ).s3
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=hub.bucket).get("Contents", [])]
    blobs = [s3.get_object(Bucket=hub.bucket, Key=key)["Body"].read() for key in keys]
    files = [path.read_bytes() for path in hub.folder.rglob("*") if path.is_file() and path.suffix != ".shm"]
    told = [orjson.dumps([body for _, body in hub.reports]), orjson.dumps(events)]
    return b"\n".join([*told, *blobs, *files, log.read_bytes()])


def test_no_value_of_a_secret_leaves(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str, log: Path
) -> None:
    canaries = {name: uuid.uuid4().hex for name in ("before", "watched", "large", "applied")}
    administrator.create(secret("before", canaries["before"]), namespace=namespace)
    entry = {
        "namespace": namespace,
        "group": "",
        "version": "v1",
        "resource": "secrets",
        "eventTypes": ["ADD", "UPDATE", "DELETE"],
    }
    administrator.create(event_source({"resource": {"all": entry}}, name="secrets", namespace=namespace))
    administrator.create(secret("watched", canaries["watched"]), namespace=namespace)
    administrator.create(secret("large", canaries["large"], 400_000), namespace=namespace)
    administrator.patch("v1", "Secret", namespace, "watched", {"data": {"more": encoded(canaries["watched"])}})
    events: list[dict[str, Any]] = []

    def seen() -> dict[tuple[str, str], Any]:
        events.extend(hub.events())
        bodies = [orjson.loads(one["data"]) for one in events]
        return {(one["type"], one["body"]["metadata"]["name"]): one["body"] for one in bodies}

    wanted = {("ADD", "before"), ("ADD", "watched"), ("ADD", "large")}
    until(lambda: seen().keys() >= wanted, "events of the Secrets")
    remote = hub.runtime.clusters.named("edge", uuid.uuid4().hex)
    applied = remote.apply(secret("applied", canaries["applied"]), namespace=namespace)
    shown = [applied, remote.get("v1", "Secret", namespace, "watched"), *remote.list("v1", "Secret", namespace)]
    assert len(shown) == 6
    hashed = [base64.b64decode(value) for one in shown for value in one["data"].values()]
    assert all(value.startswith(b"hmac-sha256:") for value in hashed)
    administrator.delete("v1", "Secret", namespace, "watched")
    until(lambda: ("DELETE", "watched") in seen(), "the end of one")
    out = everything(hub, events, log)
    assert b"hmac-sha256:" in base64.b64decode(seen()["ADD", "large"]["data"]["password"])
    own = administrator.get("v1", "Secret", namespace, "applied")["data"]["password"]
    assert base64.b64decode(own).decode() == canaries["applied"], "in the cluster it is what was applied"
    for name, canary in canaries.items():
        assert canary.encode() not in out, name
        assert encoded(canary)[:40].encode() not in out, name


def test_configuration_leaves_as_it_is(
    hub: Hub, agent: AgentProcess, administrator: DirectCluster, namespace: str
) -> None:
    """So the search above would find what it looks for."""
    canary = uuid.uuid4().hex
    administrator.create(config_map("plain", text=canary), namespace=namespace)
    remote = hub.runtime.clusters.named("edge", uuid.uuid4().hex)
    assert remote.get("v1", "ConfigMap", namespace, "plain")["data"]["text"] == canary
    until(lambda: canary in str(hub.reports), "it is in a report")
