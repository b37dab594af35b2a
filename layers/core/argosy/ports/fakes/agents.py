"""The way to agents, in memory: what was sent to whom."""

from __future__ import annotations

from argosy.errors import NotFound
from argosy.ports.queue import Outgoing

__all__ = ["FakeAgentLink"]


class FakeAgentLink:
    """See `AgentLink`; `gone` are clusters whose agents have no queue."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Outgoing]] = []
        self.gone: set[str] = set()

    def send(self, cluster: str, message: Outgoing) -> None:
        """See `AgentLink.send`."""
        if cluster in self.gone:
            raise NotFound(f"the agent of cluster {cluster} has no queue")
        self.sent.append((cluster, message))
