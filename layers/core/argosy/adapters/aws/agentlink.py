"""The way to agents by SQS: each has a pair of queues of its own, whose names are made of the stage and the cluster.

They are made by infra/agent.yaml, which `argosy cluster add --agent` deploys, and lie beside the stack's own queues, whose
address tells theirs.
"""

from __future__ import annotations

from typing import Final

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue
from argosy.errors import InvalidObject, NotFound
from argosy.ports.queue import Outgoing, QueueSpec
from argosy.services.queues import AGENT_COMMANDS

__all__ = ["SqsAgentLink", "agent_queue"]

_LONGEST: Final = 80
_DEAD: Final = "-dlq.fifo"


def agent_queue(stage: str, cluster: str, kind: str) -> str:
    """The name of an agent's queue; `kind` is "commands" or "reports". Raises InvalidObject when SQS would not take it."""
    name = f"argosy-{stage}-agent-{cluster}-{kind}"
    if len(name) + len(_DEAD) > _LONGEST:
        most = _LONGEST - len(_DEAD) - len(agent_queue(stage, "", "commands")) + len(".fifo")
        raise InvalidObject(f"{cluster!r} is too long for a cluster with an agent: {most} characters on stage {stage}")
    return f"{name}.fifo"


class SqsAgentLink:
    """See `AgentLink`. `neighbour` is the URL of any queue of the stack."""

    def __init__(self, neighbour: str, stage: str, clients: Clients) -> None:
        self._base, self._stage, self._clients = neighbour.rpartition("/")[0], stage, clients
        self._spec = QueueSpec(AGENT_COMMANDS, fifo=True)

    def send(self, cluster: str, message: Outgoing) -> None:
        """See `AgentLink.send`."""
        url = f"{self._base}/{agent_queue(self._stage, cluster, 'commands')}"
        try:
            SqsQueue([self._spec], {AGENT_COMMANDS: url}, self._clients).send(AGENT_COMMANDS, [message])
        except NotFound as x:
            raise NotFound(
                f"the agent of cluster {cluster} has no queue on this stack; "
                f"make it with: argosy cluster add --agent {cluster} --upsert ({x})"
            ) from x
