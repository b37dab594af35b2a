"""What an agent connects event sources with; its parts are imported when the first of them asks."""

from __future__ import annotations

from argosy.ports.brokers import Brokers
from argosy.ports.cluster import Cluster
from argosy.ports.secrets import Secrets

__all__ = ["library_brokers"]


def library_brokers(cluster: Cluster) -> tuple[Brokers, Secrets]:
    """The client libraries, and the Secrets of the agent's cluster, read as the accounts that event sources name."""
    from argosy.adapters.brokers import LibraryBrokers
    from argosy.adapters.kube.secrets import ClusterSecrets

    return LibraryBrokers(), ClusterSecrets(cluster)
