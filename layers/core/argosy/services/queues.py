"""The queues of an installation, by logical name.

`bus` carries events to sensors, `triggers` carries firings to what they do. On AWS there are two more: `sources` takes
what topics and rules send, `reconcile-source` wakes the function that wires event sources. Timeouts follow the functions
that consume them: visibility is six times the function's timeout, as AWS asks for standard queues.
"""

from __future__ import annotations

from typing import Final

from argosy.ports.queue import QueueSpec

__all__ = ["AWS_QUEUES", "BUS", "DEAD_LETTERS", "QUEUES", "RECONCILE_SOURCE", "SOURCES", "TRIGGERS"]

BUS: Final = "bus"
TRIGGERS: Final = "triggers"
SOURCES: Final = "sources"
RECONCILE_SOURCE: Final = "reconcile-source"

QUEUES: Final = (
    QueueSpec(BUS, visibility=180, max_receives=5, dlq="bus-dlq"),
    QueueSpec("bus-dlq", visibility=30),
    QueueSpec(TRIGGERS, visibility=720, max_receives=5, dlq="triggers-dlq"),
    QueueSpec("triggers-dlq", visibility=30),
)

AWS_QUEUES: Final = (
    *QUEUES,
    QueueSpec(SOURCES, visibility=180, max_receives=5, dlq="sources-dlq"),
    QueueSpec("sources-dlq", visibility=30),
    QueueSpec(RECONCILE_SOURCE, fifo=True, visibility=240, max_receives=5, dlq="reconcile-source-dlq"),
    QueueSpec("reconcile-source-dlq", fifo=True, visibility=30),
)

DEAD_LETTERS: Final = {spec.name: spec.dlq for spec in AWS_QUEUES if spec.dlq and not spec.fifo}
"""Where messages of a standard queue are set aside."""
