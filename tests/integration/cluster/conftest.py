"""What the suites of the Cluster port need, whatever the way into the cluster."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.ports.cluster import Cluster


@pytest.fixture(scope="module")
def cluster(complete_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    """By itself; a suite for another way has its own."""
    connected = connect(complete_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name
