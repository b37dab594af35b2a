"""The client keeps the contract of the port on a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import Unavailable, Unsupported
from argosy.local.devcluster import ClusterInfo
from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster, ServiceAccount
from contracts.cluster import ClusterContract

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def direct(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture
def cluster(direct: DirectCluster) -> Cluster:
    return direct


class TestDirectCluster(ClusterContract):
    """On the development cluster."""

    def eventually(self, condition: Callable[[], bool]) -> bool:
        return wait_until(condition, 60, 0.05)


def test_the_server_knows_the_service_account_and_its_three_groups(cluster: Cluster, namespace: str) -> None:
    user = ServiceAccount(namespace, "runner")
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    found = cluster.acting_as(user).create(review)["status"]["userInfo"]
    assert found["username"] == user.user
    assert sorted(found["groups"]) == sorted(user.groups)


def test_a_kind_that_cannot_be_listed(cluster: Cluster) -> None:
    with pytest.raises(Unsupported, match="does not allow this"):
        cluster.list("authentication.k8s.io/v1", "SelfSubjectReview", "")


def test_a_closed_connection_opens_again_when_used(dev_cluster: ClusterInfo) -> None:
    connected = connect(dev_cluster.kubeconfig)
    connected.close()
    assert connected.version() == dev_cluster.version
    connected.close()


def test_a_cluster_that_moved_away(dev_cluster: ClusterInfo, tmp_path: Path) -> None:
    moved = tmp_path / "config"
    moved.write_text(dev_cluster.kubeconfig.read_text().replace(dev_cluster.server, "https://127.0.0.1:1"))
    with pytest.raises(Unavailable):
        connect(moved)
