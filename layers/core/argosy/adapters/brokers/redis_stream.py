"""The connector of `redisStream`, on redis-py.

Follows `pkg/eventsources/sources/redis_stream/start.go` of Argo Events 1.9: a consumer group on each stream, made at its end
when it is new, read as the one consumer of it, with Argo's names for both. A stream must be there.

On purpose different: what was read and not acknowledged, when the connection or the process ended, is read again first; Argo
leaves it pending for ever.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argosy.adapters.brokers.common import MOST
from argosy.adapters.brokers.redis import client_of, told
from argosy.errors import Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.brokers import RedisStreamSource

__all__ = ["RedisStreamConnector"]

_GROUP: Final = "argo-events-cg"
_CONSUMER: Final = "argo-events-worker"
_WAIT_MS: Final = 20_000
_NEW: Final = ">"
_START: Final = "0"


class RedisStreamConnector:
    """See `Connector`."""

    def __init__(self, entry: RedisStreamSource) -> None:
        self._entry = entry
        self._group = entry.consumer_group or _GROUP
        self._client: Redis | None = None
        self._pending: dict[str, str] = {}

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`. Raises Permanent for a stream that is not there."""
        async with told(self._entry):
            self._client = await client_of(self._entry, secret)
            for stream in self._entry.streams or ():
                try:
                    await self._client.xgroup_create(stream, self._group, id="$", mkstream=False)
                except ResponseError as x:
                    if not str(x).startswith("BUSYGROUP"):
                        raise
        self._pending = dict.fromkeys(self._entry.streams or (), _START)

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`: first what is pending, then what is new."""
        while True:
            found = await self._read(self._pending) if self._pending else await self._read(None)
            if found:
                return found

    async def _read(self, pending: dict[str, str] | None) -> list[Delivery]:
        if self._client is None:
            raise Unavailable("not connected")
        places: dict[str, str] = pending or dict.fromkeys(self._entry.streams or (), _NEW)
        count = self._entry.max_msg_count_per_read or MOST
        async with told(self._entry):
            read: Any = await self._client.xreadgroup(
                self._group,
                _CONSUMER,
                places,  # type: ignore[arg-type]
                count=count,
                block=None if pending else _WAIT_MS,
            )
        found = [
            Delivery({"stream": name, "id": place, "values": values}, (name, place))
            for name, entries in _streams(read)
            for place, values in entries
        ]
        if pending is not None:
            last = {one.handle[0]: one.handle[1] for one in found}
            self._pending = last  # a stream that gave none has no more
        return found

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`."""
        if self._client is None:
            raise Unavailable("not connected")
        by_stream: dict[str, list[str]] = {}
        for one in deliveries:
            stream, place = one.handle
            by_stream.setdefault(stream, []).append(place)
        async with told(self._entry):
            for stream, places in by_stream.items():
                await self._client.xack(stream, self._group, *places)

    async def close(self) -> None:
        """See `Connector.close`."""
        if self._client is not None:
            with contextlib.suppress(Exception):
                await self._client.aclose()
        self._client = None


def _streams(read: Any) -> list[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """What XREADGROUP answers, in RESP2 or RESP3, as texts; an entry that was deleted meanwhile is left out."""
    items = read.items() if isinstance(read, Mapping) else read or ()
    found = []
    for name, batches in items:
        entries = batches[0] if batches and batches[0] and isinstance(batches[0][0], list | tuple) else batches
        found.append((_text(name), [(_text(place), _texts(values)) for place, values in entries if values is not None]))
    return found


def _texts(values: Mapping[Any, Any]) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in values.items()}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
