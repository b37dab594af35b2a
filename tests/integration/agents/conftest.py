"""A hub, a cluster `edge` behind an agent of its own process, and AWS between them."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.registry import Entry
from support.agents import AgentProcess, Hub, hub_on, pod_environment, settled
from support.motoserver import moto_server


@pytest.fixture(scope="module")
def administrator(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with moto_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def hub(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with hub_on(aws, tmp_path_factory.mktemp("hub"), [Entry("edge", "agent", management=True)]) as running:
        yield running


@pytest.fixture(scope="module")
def agent(hub: Hub, dev_cluster: ClusterInfo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("agent")
    process = AgentProcess(hub, "edge", pod_environment(dev_cluster, folder / "pod"), folder / "agent.log", "inside")
    process.start()
    settled(hub, "edge")
    yield process
    process.kill(signal.SIGTERM)


@pytest.fixture
def namespace(administrator: DirectCluster) -> str:
    name = f"t-{uuid.uuid4().hex[:12]}"
    administrator.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path
