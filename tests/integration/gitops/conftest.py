"""`argosy up` on a real API server whose nodes are played, Git over HTTP, and a repository and a namespace for each test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from support.gitops import API, Site
from support.gitserver import GitServer, Repo, serving
from support.up import Up, argosy

CONTROL = "argocd-it"
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


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitServer]:
    with serving(tmp_path_factory.mktemp("repositories")) as server:
        yield server


@pytest.fixture(scope="session")
def control(cluster: DirectCluster) -> Iterator[str]:
    """The control namespace of this session's installation: one API server serves several."""
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CONTROL}})
    yield CONTROL
    cluster.delete("v1", "Namespace", "", CONTROL)


@pytest.fixture(scope="module")
def up(context: str, cluster: DirectCluster, control: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One for a module's tests, which kill nothing; it must not outlive them, since it takes over what others declare."""
    for kind in (
        "EventSource",
        "Sensor",
    ):  # left by other tests; it would serve them, at ports that somebody else needs
        for left in cluster.list(API, kind, ""):
            cluster.delete(API, kind, left["metadata"]["namespace"], left["metadata"]["name"])
    running = Up(tmp_path_factory.mktemp("up") / "data", "--cluster", context)
    try:
        running.ready()
        changed = argosy("cluster", "set", "in-cluster", "--argocd-namespace", control, data=running.data)
        assert changed.code == 0, changed.err
        yield running
    finally:
        running.kill()


@pytest.fixture
def site(up: Up, cluster: DirectCluster, control: str, repositories: GitServer) -> Iterator[Site]:
    """A namespace and a repository."""
    name = f"site-{next(_NUMBERS)}"
    made = Site(cluster, control, name, Repo(repositories.root / name), repositories)
    yield made
    made.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory of an `argosy up` of the test's own."""
    return tmp_path / "data"
