"""Whose a report is: told by its queue, or by the mark of `argosy up`; whatever the body says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.adapters.senders import cluster_of
from argosy.errors import EvaluationError


def record(queue: str, mark: str = "", body: str = "{}") -> dict[str, Any]:
    marks = {"cluster": {"stringValue": mark, "dataType": "String"}} if mark else {}
    arn = f"arn:aws:sqs:eu-central-1:123456789012:{queue}"
    return {"eventSourceARN": arn, "messageAttributes": marks, "body": body}


@pytest.mark.parametrize(
    ("stage", "queue", "mark", "cluster"),
    [
        ("prod", "argosy-prod-agent-edge-reports.fifo", "", "edge"),
        ("prod", "argosy-prod-agent-a-agent-b-reports.fifo", "", "a-agent-b"),
        ("a-agent-b", "argosy-a-agent-b-agent-c-reports.fifo", "", "c"),
        ("prod", "argosy-prod-agent-edge-reports.fifo", "other", "edge"),
        ("", "agent-reports", "edge", "edge"),
        ("", "argosy-prod-agent-edge-reports.fifo", "other", "edge"),
    ],
)
def test_whose(stage: str, queue: str, mark: str, cluster: str) -> None:
    forged = json.dumps({"report": "heartbeat", "cluster": "forged"})
    assert cluster_of(record(queue, mark, forged), stage) == cluster


@pytest.mark.parametrize(
    ("stage", "queue", "mark"),
    [
        ("prod", "argosy-dev-agent-edge-reports.fifo", ""),
        ("prod", "argosy-prod-agent--reports.fifo", ""),
        ("prod", "argosy-prod-agent-edge-commands.fifo", ""),
        ("prod", "argosy-prod-agent-edge-reports-dlq.fifo", ""),
        ("prod", "xargosy-prod-agent-edge-reports.fifo", ""),
        ("prod", "agent-reports", "edge"),
        ("pro.", "argosy-prod-agent-edge-reports.fifo", ""),
        ("", "agent-reports", ""),
        ("", "agent-commands", "edge"),
    ],
)
def test_nobodys(stage: str, queue: str, mark: str) -> None:
    with pytest.raises(EvaluationError, match=queue):
        cluster_of(record(queue, mark), stage)
