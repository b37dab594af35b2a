"""The way into EKS keeps the contract of the port, on the development cluster behind a door that checks its tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from argosy.adapters.kube.eks import EksCluster, connect
from argosy.local.devcluster import ClusterInfo
from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster
from contracts.cluster import ClusterContract
from support.aws import ENVIRONMENT, REGION, Wire, mocked
from support.eks import Door, arn, behind, believing

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def door(dev_cluster: ClusterInfo) -> Iterator[Door]:
    made = Door("main", behind(dev_cluster.kubeconfig), believing(ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]))
    yield made
    made.close()
    assert made.refusals == []


@pytest.fixture(scope="module")
def cluster(door: Door) -> Iterator[Cluster]:
    with mocked() as clients:
        Wire(clients.regional("eks", REGION)).instead("DescribeCluster", {"cluster": door.described})
        connected = connect(EksCluster(arn("main")), clients)
        yield connected
        connected.close()


class TestEksCluster(ClusterContract):
    """On the development cluster."""

    def eventually(self, condition: Callable[[], bool]) -> bool:
        return wait_until(condition, 60, 0.05)
