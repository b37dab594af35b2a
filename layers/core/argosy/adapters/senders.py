"""Whose report a record of a queue is: the queue tells, or this installation's own mark; never the body.

On AWS each agent has a report queue of its own, into which its role alone can send: the cluster is a part of the queue's
name. In `argosy up` agents run in the installation's own process, share one queue, and mark what they send.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.services.queues import AGENT_REPORTS

__all__ = ["cluster_of", "told"]


def cluster_of(record: Mapping[str, Any], stage: str) -> str:
    """The cluster of a record (of a Lambda SQS event); `stage` is the stack's, "" in `argosy up`, which has none.

    Raises EvaluationError for a queue that is no agent's of this installation, and for a message without its mark.
    """
    queue = str(record["eventSourceARN"]).rpartition(":")[2]
    if queue == AGENT_REPORTS and not stage:
        marked = record.get("messageAttributes") or {}
        cluster = str(marked.get("cluster", {}).get("stringValue", ""))
    else:
        # A stack's stage is given and not guessed: it may hold the word "agent" itself.
        of_stage = re.escape(stage) if stage else "[a-z][a-z0-9-]*?"
        found = re.fullmatch(rf"argosy-{of_stage}-agent-([a-z0-9-]+)-reports\.fifo", queue)
        cluster = found[1] if found is not None else ""
    if not cluster:
        raise EvaluationError(f"{queue} is not the report queue of an agent of this installation")
    return cluster


def told(records: Iterable[Mapping[str, Any]], stage: str) -> dict[str, tuple[str, str, str]]:
    """By message id the cluster, group and body of those records that an agent of this installation has sent."""
    found: dict[str, tuple[str, str, str]] = {}
    for record in records:
        with contextlib.suppress(EvaluationError):
            group = str(record["attributes"]["MessageGroupId"])
            found[str(record["messageId"])] = cluster_of(record, stage), group, str(record["body"])
    return found
