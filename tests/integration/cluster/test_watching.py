"""Watching a real API server keeps the contract of the port; what an agent's own connection does when it is refused."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.adapters.kube.pod import PodConnection, TokenFile
from argosy.adapters.kube.watcher import HttpWatcher
from argosy.errors import InvalidObject, Unavailable
from argosy.local.devcluster import ClusterInfo
from argosy.ports.watching import Scope
from contracts.watching import MAPS, Eyes, WatcherContract, first
from support.agents import pod_environment
from support.up import free_port

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def administrator(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


def pod(info: ClusterInfo, folder: Path) -> PodConnection:
    """A connection as the agent's pod has it."""
    pod_environment(info, folder)
    return PodConnection(info.server, folder / "ca.crt", TokenFile(folder / "token", lambda: 0.0))


class RealEyes(Eyes):
    """A pod's watcher, and an administrator who makes things."""

    def __init__(self, connection: PodConnection, administrator: DirectCluster) -> None:
        self.watcher = self.http = HttpWatcher(connection.door())
        self._connection, self._administrator = connection, administrator
        self.namespace = f"t-{uuid.uuid4().hex[:12]}"
        administrator.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    async def put(self, name: str, *, labels: dict[str, str] | None = None, **data: str) -> None:
        metadata = {"name": name, "labels": {"own": "yes", **(labels or {})}}
        manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        await asyncio.to_thread(self._administrator.apply, manifest, namespace=self.namespace)

    async def remove(self, name: str) -> None:
        await asyncio.to_thread(self._administrator.delete, "v1", "ConfigMap", self.namespace, name)

    async def close(self) -> None:
        await self.http.close()
        self._connection.close()


class TestHttpWatcher(WatcherContract):
    """On the development cluster."""

    @pytest.fixture(autouse=True)
    def _places(self, dev_cluster: ClusterInfo, administrator: DirectCluster, tmp_path: Path) -> None:
        self._info, self._administrator, self._folder = dev_cluster, administrator, tmp_path

    async def eyes(self) -> Eyes:
        return RealEyes(pod(self._info, self._folder), self._administrator)

    def test_a_token_of_a_list_that_is_none(self) -> None:
        async def work(eyes: Eyes) -> None:
            with pytest.raises(InvalidObject, match="continue key"):
                await eyes.watcher.page(Scope(MAPS, eyes.namespace), limit=1, token="none")

        self.run(work)

    def test_a_token_that_is_refused_is_read_again(self) -> None:
        async def work(eyes: Eyes) -> None:
            scope, file = Scope(MAPS, eyes.namespace), self._folder / "token"
            good = file.read_text()
            file.write_text("revoked")
            with pytest.raises(Unavailable, match="credentials were refused"):
                await eyes.watcher.page(scope, limit=1)
            with pytest.raises(Unavailable, match="credentials were refused"):
                await first(eyes.watcher, scope, "1", 1)
            file.write_text(good)
            with pytest.raises(Unavailable, match="credentials were refused"):
                await eyes.watcher.page(scope, limit=1)
            assert (await eyes.watcher.page(scope, limit=1)).version

        self.run(work)


def test_nobody_there(dev_cluster: ClusterInfo, tmp_path: Path) -> None:
    async def work() -> None:
        pod_environment(dev_cluster, tmp_path)
        away = PodConnection(f"https://127.0.0.1:{free_port()}", tmp_path / "ca.crt", TokenFile(tmp_path / "token"))
        watcher = HttpWatcher(away.door())
        with pytest.raises(Unavailable, match="no answer from"):
            await watcher.page(Scope(MAPS), limit=1)
        await watcher.close()

    asyncio.run(work())
