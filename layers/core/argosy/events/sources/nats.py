"""Event source `nats`: `pkg/eventsources/sources/nats/start.go` of Argo Events 1.9.

What a JetStream consumer delivers to the subject is known by its place in its stream; other messages have no name.
"""

from __future__ import annotations

from argosy.events.sources.connected import ConnectedSource, Message

__all__ = ["Nats"]


class Nats(ConnectedSource):
    """See `ConnectedSource`."""

    kind = "nats"

    def origin(self, message: Message) -> str:
        """`<stream>:<sequence>` of JetStream."""
        return str(message.get("sequence") or "")
