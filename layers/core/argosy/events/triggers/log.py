"""Trigger `log`: prints each event of the firing.

Follows `pkg/sensors/triggers/log/log.go` of Argo Events 1.9; `intervalSeconds` drops nothing there either, because a
fresh trigger is built for each firing.
"""

from __future__ import annotations

from argosy.events.effects import LogEvents
from argosy.events.triggers.context import FiringContext

__all__ = ["build"]


def build(context: FiringContext) -> LogEvents:
    """One line for each event of the firing."""
    return LogEvents(
        tuple(
            {"dependencyName": name, "context": event.context, "data": event.data_text}
            for name, event in context.events.items()
        )
    )
