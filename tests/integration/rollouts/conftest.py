"""`argosy up` on a real API server whose nodes are played, and objects in a namespace of each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from support.rollouts import Shop
from support.up import Up

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def context(complete_cluster: ClusterInfo) -> Iterator[str]:
    """The name that `--cluster` takes; the processes find its kubeconfig in their environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(complete_cluster.kubeconfig))
        yield str(yaml.safe_load(complete_cluster.kubeconfig.read_text())["current-context"])


@pytest.fixture(scope="session")
def cluster(complete_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(complete_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def up(context: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for a module's tests, which kill nothing; it must not outlive them, since it takes over what others declare."""
    running = Up(tmp_path_factory.mktemp("up") / "data", "--cluster", context)
    try:
        yield running.ready()
    finally:
        running.kill()


@pytest.fixture
def shop(cluster: DirectCluster) -> Iterator[Shop]:
    """A namespace."""
    made = Shop(cluster, f"shop-{next(_NUMBERS)}")
    yield made
    made.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of an `argosy up` of the test's own."""
    return tmp_path / "data"
