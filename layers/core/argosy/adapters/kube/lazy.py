"""A cluster that is connected to when it is first needed, and tried again when it could not be reached.

The Kubernetes client is heavy to import and a cluster may be down: neither holds up the start of a process, and a
cluster that comes back is found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from argosy.ports.cluster import ServiceAccount
from argosy.ports.clusterrequests import ForwardingCluster, Request, perform

if TYPE_CHECKING:
    from argosy.adapters.kube.direct import DirectCluster

__all__ = ["LazyCluster"]


class LazyCluster(ForwardingCluster):
    """The Cluster port on what `connect` returns; every method raises what it raises, until it returns something."""

    def __init__(self, connect: Callable[[], DirectCluster], user: ServiceAccount | None = None) -> None:
        self._connect, self.user = connect, user
        self._shared: dict[str, DirectCluster] = {}
        self._mutex = threading.Lock()

    def send(self, request: Request) -> Any:
        """See `ForwardingCluster.send`."""
        return perform(self.direct(), request)

    def acting_as(self, user: ServiceAccount) -> LazyCluster:
        """See `Cluster.acting_as`."""
        other = LazyCluster(self._connect, user)
        other._shared, other._mutex = self._shared, self._mutex
        return other

    def direct(self) -> DirectCluster:
        """The cluster itself, connected to. Raises what `connect` raises."""
        with self._mutex:
            direct = self._shared.get("")
            if direct is None:
                direct = self._shared[""] = self._connect()
        return direct
