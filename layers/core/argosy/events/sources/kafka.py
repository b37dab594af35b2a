"""Event source `kafka`: `pkg/eventsources/sources/kafka/start.go` of Argo Events 1.9.

The id is made of topic, partition and offset, as Argo's is, which writes them out.
"""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource, Message

__all__ = ["Kafka"]


class Kafka(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "kafka"

    def origin(self, message: Message) -> str:
        """Where it stands in its topic."""
        return f"{message['topic']}:{message['partition']}:{message['offset']}"
