"""A cluster behind an agent keeps the contract of the port: the same suite as for one that is reached directly."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import Denied, InvalidObject, NotFound, Unavailable
from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster
from argosy.services.agents.remote import RemoteCluster
from contracts.cluster import ClusterContract, config_map
from support.agents import AgentProcess, Hub

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster(hub: Hub, agent: AgentProcess) -> Cluster:
    found = hub.runtime.clusters.named("edge", uuid.uuid4().hex)
    assert isinstance(found, RemoteCluster)
    return found


class TestRemoteCluster(ClusterContract):
    """On the development cluster, through an agent and SQS. What needs values of Secrets is refused by design."""

    def eventually(self, condition: Callable[[], bool]) -> bool:
        return wait_until(condition, 60, 0.05)

    # Values of Secrets do not pass an agent (test_secrecy), and those of ConfigMaps are read like any object's.
    test_secrets_and_config_maps_by_key = None  # type: ignore[assignment]
    test_binary_values = None  # type: ignore[assignment]
    test_secrets_are_read_as_the_service_account = None  # type: ignore[assignment]


def test_the_same_caller_is_given_the_same_answer(hub: Hub, agent: AgentProcess, namespace: str) -> None:
    """What crashed after its request was sent asks again, and nothing is done twice."""
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "run-"}}
    purpose = uuid.uuid4().hex
    made = [hub.runtime.clusters.named("edge", purpose).create(manifest, namespace=namespace) for _ in range(2)]
    assert made[0] == made[1]
    found = hub.runtime.clusters.named("edge", uuid.uuid4().hex).list("v1", "ConfigMap", namespace)
    assert [one["metadata"]["name"] for one in found if one["metadata"]["name"].startswith("run-")] == [
        made[0]["metadata"]["name"]
    ]


def test_an_object_of_five_megabytes(cluster: Cluster, administrator: DirectCluster, namespace: str) -> None:
    with pytest.raises((InvalidObject, Unavailable), match=f"ConfigMap/{namespace}/large"):
        cluster.create(config_map("large", text="x" * 5_000_000), namespace=namespace)
    assert cluster.create(config_map("small"), namespace=namespace)["metadata"]["name"] == "small"
    with pytest.raises(NotFound):
        administrator.get("v1", "ConfigMap", namespace, "large")


def test_a_large_object_comes_back_whole(cluster: Cluster, namespace: str) -> None:
    text = "x" * 700_000
    cluster.create(config_map("big", text=text), namespace=namespace)
    assert cluster.get("v1", "ConfigMap", namespace, "big")["data"]["text"] == text


def test_a_verb_that_is_forbidden(cluster: Cluster, namespace: str) -> None:
    from argosy.ports.cluster import ServiceAccount

    with pytest.raises(Denied, match=f"cannot delete.*{namespace}"):
        cluster.acting_as(ServiceAccount(namespace)).delete("v1", "ConfigMap", namespace, "x")
