"""Event source `redis`: `pkg/eventsources/sources/redis/start.go` of Argo Events 1.9.

Channels keep nothing, and name nothing.
"""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource

__all__ = ["Redis"]


class Redis(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "redis"
