"""The connector of `nats`, on nats-py.

Follows `pkg/eventsources/sources/nats/start.go` of Argo Events 1.9: a subscription to the subject (wildcards are NATS's
own), in the queue group if one is named. The core protocol acknowledges nothing: what is published while nobody is
connected is gone, in Argo as here. What a JetStream push consumer delivers to the subject is acknowledged once its event is
durable, and known by its place in the stream.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error

from argosy.adapters.brokers.common import drain
from argosy.adapters.brokers.natsclient import NatsSession
from argosy.errors import Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.brokers import NatsSource

__all__ = ["NatsConnector"]

_ACKED = "$JS.ACK."
_PENDING_BYTES = 64 << 20


class NatsConnector:
    """See `Connector`."""

    def __init__(self, entry: NatsSource) -> None:
        self._entry = entry
        self._queue: asyncio.Queue[Delivery | Exception] = asyncio.Queue()
        self._session: NatsSession | None = None

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        entry, self._queue = self._entry, asyncio.Queue()
        session = self._session = NatsSession(entry, self._queue.put_nowait)
        await session.open(secret)
        async with session.told():
            await session.client.subscribe(
                entry.subject, queue=entry.queue or "", cb=self._came, pending_bytes_limit=_PENDING_BYTES
            )
            await session.settled()

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        return await drain(self._queue)

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`."""
        try:
            for one in deliveries:
                if one.handle is not None:
                    await one.handle.ack()
        except (Error, OSError) as x:
            raise Unavailable(f"not acknowledged: {x}") from x

    async def close(self) -> None:
        """See `Connector.close`."""
        if self._session is not None:
            await self._session.close()

    async def _came(self, message: Msg) -> None:
        found: dict[str, Any] = {"subject": message.subject, "data": message.data}
        if message.headers:
            found["header"] = {name: [value] for name, value in message.headers.items()}
        kept = message.reply.startswith(_ACKED)
        if kept:
            place = message.metadata
            found["sequence"] = f"{place.stream}:{place.sequence.stream}"
        self._queue.put_nowait(Delivery(found, message if kept else None))
