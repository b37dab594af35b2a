"""Two clusters at once: the home cluster of `argosy up`, reached directly, and `edge` behind an agent.

Sensors of the management cluster act on the other; the reverse is refused, and says why.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo, Locations, ensure_up, stop
from contracts.cluster import grant
from support.brokers.base import WRONG
from support.brokers.nats import Nats
from support.events import GROUP_VERSION, dependency, event_source, sensor, trigger
from support.up import Up, argosy, in_process, running, until

pytestmark = pytest.mark.cluster

Body = dict[str, Any]


@pytest.fixture(scope="module")
def second(cluster_locations: Locations) -> Iterator[ClusterInfo]:
    name = f"second-{uuid.uuid4().hex[:6]}"
    yield ensure_up(name, owner_pid=os.getpid(), locations=cluster_locations)
    stop(name, locations=cluster_locations)


@pytest.fixture(scope="module")
def edge(second: ClusterInfo) -> Iterator[DirectCluster]:
    """The cluster behind the agent, as its own administrator sees it."""
    connected = connect(second.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def up(dev_cluster: ClusterInfo, second: ClusterInfo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("up") / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(dev_cluster.kubeconfig))
        with running(data, arguments=["--cluster", context(dev_cluster.kubeconfig)]) as installation:
            added = argosy(
                "cluster", "add", context(second.kubeconfig), "--agent", "edge",
                "--kubeconfig", second.kubeconfig, "--yes", data=data,
            )  # fmt: skip
            assert added.code == 0, added.err
            yield installation


def context(kubeconfig: Path) -> str:
    found: str = yaml.safe_load(kubeconfig.read_text())["current-context"]
    return found


@pytest.fixture
def place(administrator: DirectCluster, edge: DirectCluster) -> str:
    """A namespace in both, where the default account of each may make ConfigMaps."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    for cluster in (administrator, edge):
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        grant(cluster, name, "", "configmaps", "*")
    return name


def watching(namespace: str) -> Body:
    """Events of ConfigMaps whose label says so."""
    entry = {
        "namespace": namespace,
        "group": "",
        "version": "v1",
        "resource": "configmaps",
        "eventTypes": ["ADD"],
        "filter": {"labels": [{"key": "begins", "operation": "==", "value": "yes"}]},
    }
    return event_source({"resource": {"example": entry}}, namespace=namespace)


def acting(namespace: str, cluster: str) -> Body:
    """A sensor that makes a ConfigMap in a cluster ("" = its own)."""
    metadata = {"name": "made", "namespace": namespace}
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"by": "sensor"}}
    k8s: Body = {"operation": "create", "source": {"resource": made}}
    if cluster:
        k8s["cluster"] = cluster
    return sensor([trigger("t", k8s=k8s)], [dependency("dep")], namespace=namespace)


def begin(cluster: DirectCluster, namespace: str) -> None:
    """What the event source waits for, once the sensor is in force."""

    def in_force() -> bool:
        status = cluster.get(GROUP_VERSION, "Sensor", namespace, "s").get("status") or {}
        return any((one["type"], one["status"]) == ("Deployed", "True") for one in status.get("conditions") or ())

    until(in_force, "the sensor is in force")
    metadata = {"name": "begins", "labels": {"begins": "yes"}}
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, namespace=namespace)


def made(cluster: DirectCluster, namespace: str) -> bool:
    try:
        return bool(cluster.get("v1", "ConfigMap", namespace, "made")["data"] == {"by": "sensor"})
    except NotFound:
        return False


def test_a_broker_is_listened_to_by_the_agent_of_its_cluster(
    up: Up, administrator: DirectCluster, edge: DirectCluster, place: str
) -> None:
    grant(edge, place, "", "secrets", "get")
    with Nats.running() as broker:
        text = {**broker.secrets, "password": WRONG}
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "broker", "namespace": place}}
        edge.create({**secret, "stringData": text})
        edge.create(event_source({"nats": {"example": broker.fields()}}, namespace=place))
        edge.create(acting(place, ""))
        refused = until(lambda: provided(edge, place, "False", "Authorization"), "its status says that it is refused")
        assert refused is not None
        assert WRONG not in str(refused)
        edge.patch("v1", "Secret", place, "broker", {"stringData": broker.secrets})
        until(lambda: provided(edge, place, "True"), "its status says that it is connected")
        broker.send("go")
        until(lambda: made(edge, place), "the object is made")
        assert not made(administrator, place)


def provided(cluster: DirectCluster, namespace: str, status: str, words: str = "") -> Body | None:
    """The condition SourcesProvided, once it is so."""
    found = cluster.get(GROUP_VERSION, "EventSource", namespace, "hook").get("status") or {}
    conditions = [one for one in found.get("conditions") or () if one["type"] == "SourcesProvided"]
    return next((one for one in conditions if one["status"] == status and words in one.get("message", "")), None)


@pytest.mark.parametrize(
    ("lives_in", "names", "acts_on"),
    [("home", "edge", "edge"), ("home", "", "home"), ("edge", "", "edge"), ("edge", "edge", "edge")],
)
def test_a_sensor_acts(
    up: Up, administrator: DirectCluster, edge: DirectCluster, place: str, lives_in: str, names: str, acts_on: str
) -> None:
    clusters = {"home": administrator, "edge": edge}
    own, (other,) = clusters[acts_on], [one for name, one in clusters.items() if name != acts_on]
    for body in (watching(place), acting(place, names)):
        clusters[lives_in].create(body)
    begin(clusters[lives_in], place)
    until(lambda: made(own, place), "the object is made")
    assert not made(other, place)


def test_a_sensor_of_a_cluster_that_is_none_of_the_management_acts_on_no_other(
    up: Up, administrator: DirectCluster, edge: DirectCluster, place: str
) -> None:
    for body in (watching(place), acting(place, "in-cluster")):
        edge.create(body)
    begin(edge, place)

    def status() -> str:
        found = in_process("get", "sensors", "s", "-n", f"{place}@edge", "-o", "json", "--data", up.data)
        return found.out if found.code == 0 else ""

    refused = "cluster edge is no management cluster: its sensors act on it alone, not on in-cluster"
    until(lambda: refused in status(), "the status says why")
    assert not made(administrator, place)
    assert not made(edge, place)


def test_an_agent_tells_how_it_fares(up: Up) -> None:
    def told() -> Body:
        found: Body = in_process("cluster", "get", "edge", "-o", "json", "--data", up.data).json()
        return found

    until(lambda: told().get("agent") and told()["agent"]["connected"], "it is connected")
    assert told()["agent"]["kubernetes"].startswith("v1.")
    assert {one["resource"] for one in told()["agent"]["scopes"]} >= {"sensors.argoproj.io"}
