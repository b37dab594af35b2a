"""A cluster that is connected to when it is first needed, and tried again when it could not be reached.

The Kubernetes client is heavy to import and a cluster may be down: neither holds up the start of a process, and a
cluster that comes back is found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from argosy.ports.cluster import Objects, ServiceAccount

if TYPE_CHECKING:
    from argosy.adapters.kube.client import DirectCluster

__all__ = ["LazyCluster"]


class LazyCluster:
    """The Cluster port on what `connect` returns; every method raises what it raises, until it returns something."""

    def __init__(self, connect: Callable[[], DirectCluster], user: ServiceAccount | None = None) -> None:
        self._connect, self._user = connect, user
        self._shared: dict[str, DirectCluster] = {}
        self._mutex = threading.Lock()

    def create(self, manifest: Mapping[str, Any], *, namespace: str | None = None) -> dict[str, Any]:
        """See `Cluster.create`."""
        return self._direct().create(manifest, namespace=namespace)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """See `Cluster.get`."""
        return self._direct().get(api_version, kind, namespace, name)

    def list(self, api_version: str, kind: str, namespace: str, *, label_selector: str = "") -> Objects:
        """See `Cluster.list`."""
        return self._direct().list(api_version, kind, namespace, label_selector=label_selector)

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """See `Cluster.delete`."""
        self._direct().delete(api_version, kind, namespace, name)

    def acting_as(self, user: ServiceAccount) -> LazyCluster:
        """See `Cluster.acting_as`."""
        other = LazyCluster(self._connect, user)
        other._shared, other._mutex = self._shared, self._mutex
        return other

    def version(self) -> str:
        """See `Cluster.version`."""
        return self._direct().version()

    def _direct(self) -> DirectCluster:
        with self._mutex:
            direct = self._shared.get("")
            if direct is None:
                direct = self._shared[""] = self._connect()
        return direct.acting_as(self._user) if self._user is not None else direct
