"""Event source `file`: `pkg/eventsources/sources/file/start.go` of Argo Events 1.9.

A message is a change: `name`, and its operations joined by `|` as `op`. Nothing is remembered over a restart, as in Argo.
"""

from __future__ import annotations

from typing import Any

from argosy.events.sources import watched
from argosy.events.sources.connected import ConnectedSource, Message

__all__ = ["File"]


class File(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "file"

    def payload(self, entry: Any, message: Message) -> str | None:
        """See `ConnectedSource.payload`; a file or an operation that the entry does not name is not for it."""
        name, operation = message["name"], message["op"]
        return watched.payload(entry, name, operation) if watched.wants(entry, name, operation) else None
