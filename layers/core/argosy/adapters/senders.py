"""Whose report a record of a queue is: the queue tells, or this installation's own mark; never the body.

On AWS each agent has a report queue of its own, into which its role alone can send: the cluster is a part of the queue's
name. In `argosy up` agents run in the installation's own process, share one queue, and mark what they send.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.services.queues import AGENT_REPORTS

__all__ = ["cluster_of"]

_NAME: Final = re.compile(r"argosy-[A-Za-z0-9-]+?-agent-(?P<cluster>[a-z0-9-]+)-reports\.fifo")


def cluster_of(record: Mapping[str, Any]) -> str:
    """The cluster of a record (of a Lambda SQS event). Raises EvaluationError for a queue that is no agent's."""
    queue = str(record["eventSourceARN"]).rpartition(":")[2]
    if queue == AGENT_REPORTS:
        marked = record.get("messageAttributes") or {}
        return str(marked["cluster"]["stringValue"])
    found = _NAME.fullmatch(queue)
    if found is None:
        raise EvaluationError(f"{queue} is not the report queue of an agent")
    return found["cluster"]
