"""The queues of an installation, by logical name.

`bus` carries events to sensors, `triggers` carries firings to what they do. Timeouts follow the functions that consume
them: visibility is six times the function's timeout, as AWS asks for standard queues.
"""

from __future__ import annotations

from typing import Final

from argosy.ports.queue import QueueSpec

__all__ = ["BUS", "QUEUES", "TRIGGERS"]

BUS: Final = "bus"
TRIGGERS: Final = "triggers"

QUEUES: Final = (
    QueueSpec(BUS, visibility=180, max_receives=5, dlq="bus-dlq"),
    QueueSpec("bus-dlq", visibility=30),
    QueueSpec(TRIGGERS, visibility=720, max_receives=5, dlq="triggers-dlq"),
    QueueSpec("triggers-dlq", visibility=30),
)
