"""The watcher in memory keeps the contract of the port."""

from __future__ import annotations

from argosy.ports.fakes.watcher import FakeWatcher
from contracts.watching import MAPS, Eyes, WatcherContract


class FakeEyes(Eyes):
    def __init__(self) -> None:
        self.watcher = self.fake = FakeWatcher(MAPS)
        self.namespace = "ns"

    async def put(self, name: str, *, labels: dict[str, str] | None = None, **data: str) -> None:
        metadata = {"name": name, "namespace": "ns", "labels": {"own": "yes", **(labels or {})}}
        self.fake.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})

    async def remove(self, name: str) -> None:
        self.fake.remove(name, "ns")


class TestFakeWatcher(WatcherContract):
    """In memory."""

    async def eyes(self) -> Eyes:
        return FakeEyes()
