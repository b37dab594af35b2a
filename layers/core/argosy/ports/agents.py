"""Agents port: the way to the agents of clusters.

On AWS each agent has a queue of its own, which its role alone can read; in `argosy up`, where agents run in the same
process, all share one.
"""

from __future__ import annotations

from typing import Protocol

from argosy.ports.queue import Outgoing

__all__ = ["AgentLink"]


class AgentLink(Protocol):
    """Sends work."""

    def send(self, cluster: str, message: Outgoing) -> None:
        """Put a message into the command queue of a cluster's agent.

        Raises NotFound for a cluster that has no such queue, Unavailable.
        """
        ...
