"""The way to the agents of `argosy up`, which run in its worker process and share one queue."""

from __future__ import annotations

from typing import Final

from argosy.ports.queue import Outgoing, Queue
from argosy.services.queues import AGENT_COMMANDS

__all__ = ["CLUSTER", "QueueLink"]

CLUSTER: Final = "cluster"
"""The attribute of a message that says whose it is; only this installation's own processes write it."""


class QueueLink:
    """`AgentLink` on the queue that all agents of this process share."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def send(self, cluster: str, message: Outgoing) -> None:
        """See `AgentLink.send`."""
        group = f"{cluster}/{message.group}"
        self._queue.send(
            AGENT_COMMANDS, [Outgoing(message.body, group=group, dedup=message.dedup, attributes={CLUSTER: cluster})]
        )
