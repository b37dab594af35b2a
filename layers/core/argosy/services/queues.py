"""The queues of an installation, by logical name.

`bus` carries events to sensors, `triggers` carries firings to what they do, `timers` wakes objects at their time. On AWS
there are three more: `sources` takes what topics and rules send, `reconcile-source` wakes the function that wires event
sources, `cluster-triggers` carries firings to what they do in a cluster: only the function that takes those is in a
network that reaches one, and has a client for it. Timeouts follow the functions that consume them: visibility is six
times the function's timeout, as AWS asks for standard queues, and twice for work queues, whose group waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.ports.queue import QueueSpec

__all__ = [
    "AWS_QUEUES",
    "BUS",
    "CLUSTER_KINDS",
    "CLUSTER_TRIGGERS",
    "DEAD_LETTERS",
    "LOCAL_QUEUES",
    "QUEUES",
    "RECONCILE_SOURCE",
    "SOURCES",
    "TIMERS",
    "TRIGGERS",
    "WORK_QUEUES",
    "trigger_queue",
]

BUS: Final = "bus"
TRIGGERS: Final = "triggers"
CLUSTER_TRIGGERS: Final = "cluster-triggers"
SOURCES: Final = "sources"
RECONCILE_SOURCE: Final = "reconcile-source"
TIMERS: Final = "timers"

QUEUES: Final = (
    QueueSpec(BUS, visibility=180, max_receives=5, dlq="bus-dlq"),
    QueueSpec("bus-dlq", visibility=30),
    QueueSpec(TRIGGERS, visibility=720, max_receives=5, dlq="triggers-dlq"),
    QueueSpec("triggers-dlq", visibility=30),
)

"""Those that every function knows."""

LOCAL_QUEUES: Final = (
    *QUEUES,
    QueueSpec(TIMERS, visibility=180, max_receives=5, dlq="timers-dlq"),
    QueueSpec("timers-dlq", visibility=30),
)

AWS_QUEUES: Final = (
    *LOCAL_QUEUES,
    QueueSpec(CLUSTER_TRIGGERS, visibility=720, max_receives=5, dlq="cluster-triggers-dlq"),
    QueueSpec("cluster-triggers-dlq", visibility=30),
    QueueSpec(SOURCES, visibility=180, max_receives=5, dlq="sources-dlq"),
    QueueSpec("sources-dlq", visibility=30),
    QueueSpec(RECONCILE_SOURCE, fifo=True, visibility=240, max_receives=5, dlq="reconcile-source-dlq"),
    QueueSpec("reconcile-source-dlq", fifo=True, visibility=30),
)

WORK_QUEUES: Final[Mapping[str, str]] = {"argoproj.io/EventSource": RECONCILE_SOURCE}
"""The work queue of a kind, by API group and kind."""

DEAD_LETTERS: Final = {spec.name: spec.dlq for spec in AWS_QUEUES if spec.dlq}
"""Where messages of a queue are set aside."""

CLUSTER_KINDS: Final = frozenset({"k8s", "argoWorkflow"})
"""Kinds of effects that happen in a cluster."""


def trigger_queue(kind: str, *, aws: bool) -> str:
    """The queue of firings whose effect is of `kind` ("" for one that has none)."""
    return CLUSTER_TRIGGERS if aws and kind in CLUSTER_KINDS else TRIGGERS
