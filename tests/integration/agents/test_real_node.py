"""The agent as its own Deployment, on a node that runs containers, with the rights that its manifests give it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from infra.image import AGENT_IMAGE, agent_image

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import Denied
from argosy.local.devcluster import ClusterInfo, Locations, load_image
from argosy.local.devcluster.node.settings import LABEL
from argosy.ports.cluster import ServiceAccount
from argosy.services.agents.identities import Identity
from argosy.services.agents.manifests import ACCOUNT, AgentOptions, agent_manifests
from argosy.services.agents.manifests import Hub as HubPlace
from argosy.services.agents.registry import Entry
from contracts.cluster import config_map, grant
from support.agents import Hub, hub_on, settled, watched_in
from support.aws import REGION
from support.events import event_source
from support.motoserver import moto_server
from support.up import until

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("real-node")]

NAMESPACE = "argosy"


@pytest.fixture(scope="module")
def cluster(real_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(real_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def hub(cluster: DirectCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """On an AWS that listens where pods of the node reach this machine."""
    addresses = cluster.get("v1", "Node", "", "real-0")["status"]["addresses"]
    machine = next(one["address"] for one in addresses if one["type"] == "InternalIP")
    folder = tmp_path_factory.mktemp("hub")
    with moto_server(machine) as endpoint, hub_on(endpoint, folder, [Entry("edge", "agent")]) as running:
        yield running


def deployed(hub: Hub) -> Iterator[dict[str, Any]]:
    """The manifests as `argosy agent manifests` prints them, but for the node: the cluster has others, which run nothing."""
    assert hub.runtime.signer is not None
    keys = tuple(hub.runtime.signer.public_keys())
    place = HubPlace("edge", REGION, hub.urls["edge-commands"], hub.urls["edge-reports"], hub.bucket, keys)
    options = AgentOptions(namespace=NAMESPACE, image=AGENT_IMAGE, identity=Identity(environment=hub.environ))
    for manifest in agent_manifests(place, options):
        if manifest["kind"] == "Deployment":
            manifest["spec"]["template"]["spec"]["nodeSelector"] = {LABEL: "real"}
        yield manifest


@pytest.fixture(scope="module")
def agent(
    cluster: DirectCluster,
    hub: Hub,
    real_cluster: ClusterInfo,
    cluster_locations: Locations,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    image = agent_image(tmp_path_factory.mktemp("image") / "agent.tar")
    load_image(real_cluster.name, image, locations=cluster_locations)
    for manifest in deployed(hub):
        cluster.apply(manifest, manager="kubectl")
    settled(hub, "edge")
    yield
    cluster.delete("apps/v1", "Deployment", NAMESPACE, ACCOUNT)
    until(lambda: not cluster.list("v1", "Pod", NAMESPACE), "its pod has ended")


@pytest.fixture
def namespace(cluster: DirectCluster) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def test_it_says_hello(hub: Hub, agent: None, real_cluster: ClusterInfo) -> None:
    told = hub.heartbeat("edge")
    assert told["kubernetes"] == real_cluster.version
    assert (told["refused"], told["counts"]["refused"]) == (0, 0), "it may watch all that it is to watch"
    assert set(told["scopes"].values()) <= {"watching", "starting"}


def test_an_object_that_is_made_is_reported(hub: Hub, agent: None, cluster: DirectCluster, namespace: str) -> None:
    entry = {"namespace": namespace, "group": "", "version": "v1", "resource": "configmaps", "eventTypes": ["ADD"]}
    cluster.create(event_source({"resource": {"maps": entry}}, name="objects", namespace=namespace))
    watched_in(hub, "edge", namespace)
    cluster.create(config_map("one", a="1"), namespace=namespace)
    seen: list[str] = []

    def there() -> bool:
        seen.extend(orjson.loads(one["data"])["body"]["metadata"]["name"] for one in hub.events())
        return "one" in seen

    until(there, "its event")
    shown = cluster.get("argoproj.io/v1alpha1", "EventSource", namespace, "objects")
    conditions = {one["type"]: one["status"] for one in shown["status"]["conditions"]}
    assert conditions == {"SourcesProvided": "True", "Deployed": "True"}, "its rights suffice for the status"


def test_it_writes_as_a_sensors_account_and_as_nobody_else(
    hub: Hub, agent: None, cluster: DirectCluster, namespace: str
) -> None:
    grant(cluster, namespace, "", "configmaps", "create")
    remote = hub.runtime.clusters.named("edge", uuid.uuid4().hex)
    remote.acting_as(ServiceAccount(namespace)).create(config_map("two"), namespace=namespace)
    assert cluster.get("v1", "ConfigMap", namespace, "two")
    with pytest.raises(Denied, match="cannot create"):
        remote.create(config_map("three"), namespace=namespace)
    with pytest.raises(Denied, match="cannot list"):
        remote.list("v1", "Secret", namespace)
