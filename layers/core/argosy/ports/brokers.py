"""Brokers port: lasting connections of event sources, each of which yields what a broker, a folder or a server tells.

Called by `argosy.services.connecting` alone, on one event loop for all connections. What was taken is acknowledged only once
its events are durable, so what a broker keeps until then comes again. A connector that has lost its connection is connected
anew by its caller, and goes on from where it was as far as the protocol has a place to go on from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Brokers", "Connector", "Delivery", "SecretOf"]

type SecretOf = Callable[[Any], str]
"""The value of a key selector of the entry, "" for None; they are all read before a connection is made."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, by the names that `argosy.events.sources` knows its parts by; `handle` is the connector's own."""

    message: Mapping[str, Any]
    handle: Any = None


class Connector(Protocol):
    """One entry's connection. No two methods are called at once, but `close`, which may interrupt `receive`."""

    async def connect(self, secret: SecretOf) -> None:
        """Connect, and listen.

        Raises Denied for credentials that the broker refuses, NotFound for what is not there, Unavailable for a broker that
        cannot be reached, InvalidObject or Unsupported for an entry that cannot be carried out. No text holds a secret.
        """
        ...

    async def receive(self) -> Sequence[Delivery]:
        """What has come since, in its order; waits until there is something. Raises Unavailable when the broker is lost."""
        ...

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge what `receive` has given. Raises Unavailable; it may then be delivered again."""
        ...

    async def close(self) -> None:
        """Let go, whatever state it is in. Raises nothing."""
        ...


class Brokers(Protocol):
    """Makes connectors."""

    def connector(self, kind: str, entry: Any) -> Connector:
        """One for an entry (a model of `argosy.resources.sources`) of a type, not connected yet.

        Raises Unsupported when the client library of the type is not installed.
        """
        ...
