"""Event source `amqp`: `pkg/eventsources/sources/amqp/start.go` of Argo Events 1.9.

A message that its sender gave an id is one event however often it is delivered; one without is another each time.
"""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource, Message

__all__ = ["Amqp"]


class Amqp(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "amqp"

    def origin(self, message: Message) -> str:
        """The sender's `messageId`."""
        return str(message.get("messageId") or "")
