"""A broker in memory: what is put into it is delivered until it is acknowledged, and it fails when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from argosy.errors import ArgosyError, Unavailable
from argosy.ports.brokers import Delivery, SecretOf

__all__ = ["FakeBroker", "FakeBrokers"]


class FakeBroker:
    """See `Connector`. `problems` are raised by the next connects, one each; `secrets` are what the last one was given."""

    def __init__(self, kind: str, entry: Any) -> None:
        self.kind, self.entry = kind, entry
        self.problems: list[ArgosyError] = []
        self.unacknowledged: list[Mapping[str, Any]] = []
        self.connects = 0
        self.connected = False
        self.secret: SecretOf = str
        self._new = asyncio.Event()
        self._given = 0

    def put(self, **message: Any) -> None:
        """A message has come."""
        self.unacknowledged.append(message)
        self._new.set()

    def lose(self) -> None:
        """The connection is lost."""
        self.connected = False
        self._new.set()

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        self.connects += 1
        self.secret = secret
        if self.problems:
            raise self.problems.pop(0)
        self.connected, self._given = True, 0

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        while self.connected and self._given >= len(self.unacknowledged):
            self._new.clear()
            await self._new.wait()
        if not self.connected:
            raise Unavailable("the broker is gone")
        given = self.unacknowledged[self._given :]
        self._given = len(self.unacknowledged)
        return [Delivery(one, one) for one in given]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`."""
        if not self.connected:
            raise Unavailable("the broker is gone")
        for one in deliveries:
            self.unacknowledged.remove(one.handle)
            self._given -= 1

    async def close(self) -> None:
        """See `Connector.close`."""
        self.connected = False


class FakeBrokers:
    """See `Brokers`; `made` are the connectors so far. `problems` are given to the next one."""

    def __init__(self) -> None:
        self.made: list[FakeBroker] = []
        self.problems: list[ArgosyError] = []

    def connector(self, kind: str, entry: Any) -> FakeBroker:
        """See `Brokers.connector`."""
        one = FakeBroker(kind, entry)
        one.problems, self.problems = self.problems, []
        self.made.append(one)
        return one
