"""Event source `redisStream`: `pkg/eventsources/sources/redis_stream/start.go` of Argo Events 1.9."""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource, Message

__all__ = ["RedisStream"]


class RedisStream(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "redisStream"

    def origin(self, message: Message) -> str:
        """The stream and the entry's id in it."""
        return f"{message['stream']}:{message['id']}"
