"""The queues of an installation, by logical name.

`bus` carries events to sensors, `triggers` carries firings to what they do, `timers` wakes objects at their time,
`reconcile-source` wakes the function that connects event sources outside: webhooks at Git hosts, and on AWS what
feeds them. On AWS there are two more: `sources` takes what topics and rules send, `cluster-triggers` carries firings
to what they do in a cluster: only the function that takes those is in a network that reaches one, and has a client
for it. What agents of clusters say comes by `agent-reports`, what they are to do goes by `agent-commands` (on AWS
each has a pair of its own); `reconcile-door` wakes the controller of what is declared in clusters, `reconcile-rollout`
those of rollouts, analysis runs and experiments, `reconcile-app` that of Applications. Timeouts follow the functions
that consume them: visibility is six times the function's timeout, as AWS asks for standard queues, and twice for work
queues, whose group waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.control.keys import Key
from argosy.ports.queue import QueueSpec
from argosy.resources.definitions import GROUP

__all__ = [
    "AGENT_COMMANDS",
    "AGENT_REPORTS",
    "AWS_QUEUES",
    "BUS",
    "CLUSTER_KINDS",
    "CLUSTER_TRIGGERS",
    "DEAD_LETTERS",
    "FIFO",
    "LOCAL_QUEUES",
    "QUEUES",
    "RECONCILE_APP",
    "RECONCILE_DOOR",
    "RECONCILE_ROLLOUT",
    "RECONCILE_SOURCE",
    "ROLLOUT_KINDS",
    "SOURCES",
    "TIMERS",
    "TRIGGERS",
    "WORK_QUEUES",
    "trigger_queue",
    "work_queue",
]

BUS: Final = "bus"
TRIGGERS: Final = "triggers"
CLUSTER_TRIGGERS: Final = "cluster-triggers"
SOURCES: Final = "sources"
RECONCILE_SOURCE: Final = "reconcile-source"
TIMERS: Final = "timers"
RECONCILE_DOOR: Final = "reconcile-door"
RECONCILE_ROLLOUT: Final = "reconcile-rollout"
RECONCILE_APP: Final = "reconcile-app"
AGENT_REPORTS: Final = "agent-reports"
AGENT_COMMANDS: Final = "agent-commands"

QUEUES: Final = (
    QueueSpec(BUS, visibility=180, max_receives=5, dlq="bus-dlq"),
    QueueSpec("bus-dlq", visibility=30),
    QueueSpec(TRIGGERS, visibility=720, max_receives=5, dlq="triggers-dlq"),
    QueueSpec("triggers-dlq", visibility=30),
)

"""Those that every function knows."""

_SHARED: Final = (
    *QUEUES,
    QueueSpec(TIMERS, visibility=180, max_receives=5, dlq="timers-dlq", backed=True),
    QueueSpec("timers-dlq", visibility=30),
    QueueSpec(RECONCILE_SOURCE, fifo=True, visibility=240, max_receives=5, dlq="reconcile-source-dlq", backed=True),
    QueueSpec("reconcile-source-dlq", fifo=True, visibility=30),
    QueueSpec(RECONCILE_DOOR, fifo=True, visibility=240, max_receives=5, dlq="reconcile-door-dlq", backed=True),
    QueueSpec("reconcile-door-dlq", fifo=True, visibility=30),
    QueueSpec(RECONCILE_ROLLOUT, fifo=True, visibility=240, max_receives=5, dlq="reconcile-rollout-dlq", backed=True),
    QueueSpec("reconcile-rollout-dlq", fifo=True, visibility=30),
    QueueSpec(RECONCILE_APP, fifo=True, visibility=240, max_receives=5, dlq="reconcile-app-dlq", backed=True),
    QueueSpec("reconcile-app-dlq", fifo=True, visibility=30),
)

LOCAL_QUEUES: Final = (
    *_SHARED,
    QueueSpec(AGENT_REPORTS, fifo=True, visibility=180, max_receives=5, dlq="agent-reports-dlq"),
    QueueSpec("agent-reports-dlq", fifo=True, visibility=30),
    QueueSpec(AGENT_COMMANDS, fifo=True, visibility=120, max_receives=5, dlq="agent-commands-dlq"),
    QueueSpec("agent-commands-dlq", fifo=True, visibility=30),
)

AWS_QUEUES: Final = (
    *_SHARED,
    QueueSpec(CLUSTER_TRIGGERS, visibility=720, max_receives=5, dlq="cluster-triggers-dlq"),
    QueueSpec("cluster-triggers-dlq", visibility=30),
    QueueSpec(SOURCES, visibility=180, max_receives=5, dlq="sources-dlq"),
    QueueSpec("sources-dlq", visibility=30),
    QueueSpec("agent-reports-dlq", fifo=True, visibility=30),
)

WORK_QUEUES: Final[Mapping[str, str]] = {
    "argoproj.io/EventSource": RECONCILE_SOURCE,
    "argosy.dev/Cluster": RECONCILE_APP,
    "argosy.dev/PullRequest": RECONCILE_APP,
    "argosy.dev/Repository": RECONCILE_APP,
}
"""The work queue of a kind that lives in the store, by API group and kind."""

ROLLOUT_KINDS: Final = frozenset({"Rollout", "AnalysisRun", "Experiment"})
"""Kinds whose controllers work on the queue of rollouts."""

DEAD_LETTERS: Final = {spec.name: spec.dlq for spec in (*AWS_QUEUES, *LOCAL_QUEUES) if spec.dlq}
"""Where messages of a queue are set aside; on AWS those of all agents' report queues in one."""

FIFO: Final = frozenset(spec.name for spec in (*AWS_QUEUES, *LOCAL_QUEUES) if spec.fifo)
"""Queues whose messages need a group."""

CLUSTER_KINDS: Final = frozenset({"k8s", "argoWorkflow"})
"""Kinds of effects that happen in a cluster."""


def trigger_queue(kind: str, *, aws: bool) -> str:
    """The queue of firings whose effect is of `kind` ("" for one that has none)."""
    return CLUSTER_TRIGGERS if aws and kind in CLUSTER_KINDS else TRIGGERS


def work_queue(key: Key) -> str | None:
    """The queue of an object's controller, None when nobody reconciles its kind."""
    if key.cluster and key.group == GROUP:
        if key.kind == "Application":
            return RECONCILE_APP
        return RECONCILE_ROLLOUT if key.kind in ROLLOUT_KINDS else RECONCILE_DOOR
    return WORK_QUEUES.get(key.group_kind)
