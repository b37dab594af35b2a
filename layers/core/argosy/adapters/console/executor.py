"""Executor of `log` effects: one structured log line for each event of the firing."""

from __future__ import annotations

import logging

from argosy.events.effects import LogEvents
from argosy.ports.executor import FiringInfo

__all__ = ["LogExecutor"]

_log = logging.getLogger("argosy.triggers.log")


class LogExecutor:
    """Writes to the logger `argosy.triggers.log` at level INFO."""

    async def execute(self, effect: LogEvents, firing: FiringInfo) -> str:
        """See `Executor.execute`."""
        for event in effect.events:
            fields = {
                "namespace": firing.namespace,
                "sensor": firing.sensor,
                "trigger": firing.trigger,
                "firing": firing.id,
            }
            _log.info("%s", event.get("data"), extra={**fields, **event})
        return f"{len(effect.events)} lines"
