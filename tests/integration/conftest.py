"""Real peers for integration tests.

`dev_cluster` is a development cluster of this test process: own name, own throw-away state, tied to the process, so
that nothing is left when a run is killed. The binaries are those of the shared cache (`devcluster.Locations`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.local.devcluster import ClusterInfo, Locations, ensure_up, stop

_FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a module starts once is shared by its tests only if they stay in one process."""
    for item in items:
        if item.path.is_relative_to(_FOLDER) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name}-{item.path.stem}"))


@pytest.fixture(scope="session")
def cluster_locations(tmp_path_factory: pytest.TempPathFactory) -> Locations:
    """State in a folder of this run, binaries from the shared cache."""
    shared = Locations.default()
    return Locations(clusters=tmp_path_factory.mktemp("clusters"), binaries=shared.binaries, go=shared.go)


@pytest.fixture(scope="session")
def dev_cluster(cluster_locations: Locations) -> Iterator[ClusterInfo]:
    """A cluster whose API server answers; the rest comes up beside the tests."""
    name = f"test-{os.getpid()}"
    yield ensure_up(name, owner_pid=os.getpid(), locations=cluster_locations)
    stop(name, locations=cluster_locations)


@pytest.fixture(scope="session")
def complete_cluster(dev_cluster: ClusterInfo, cluster_locations: Locations) -> ClusterInfo:
    """The same cluster with controllers, scheduler and Ready nodes."""
    return ensure_up(dev_cluster.name, wait_all=True, locations=cluster_locations)


@pytest.fixture(scope="session")
def real_cluster(cluster_locations: Locations) -> Iterator[ClusterInfo]:
    """A cluster with a real node, which runs containers: needs root on Linux, fails elsewhere."""
    name = f"real-{os.getpid()}"
    yield ensure_up(name, owner_pid=os.getpid(), real_node=True, wait_all=True, locations=cluster_locations)
    stop(name, locations=cluster_locations)
