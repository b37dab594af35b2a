"""The connector of `redis`, on redis-py.

Follows `pkg/eventsources/sources/redis/start.go` of Argo Events 1.9: the channels are subscribed to; one that holds a
wildcard (`*`, `?`, `[`) as a pattern. Channels keep nothing: what is published while nobody listens is gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.connection import Connection, SSLConnection
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError, ResponseError

from argosy.adapters.brokers.common import MOST, address, check_host, tls_context
from argosy.errors import Denied, Permanent, Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.brokers import RedisSource, RedisStreamSource

__all__ = ["RedisConnector", "client_of", "told"]

_DEFAULT_PORT = 6379
_HEALTH_SECONDS = 30
_REFUSALS = ("NOAUTH", "WRONGPASS", "NOPERM")


class RedisConnector:
    """See `Connector`."""

    def __init__(self, entry: RedisSource) -> None:
        self._entry = entry
        self._client: Redis | None = None
        self._channels: PubSub | None = None

    async def connect(self, secret: SecretOf) -> None:
        """See `Connector.connect`."""
        wanted = self._entry.channels or []
        patterns = [one for one in wanted if any(sign in one for sign in "*?[")]
        plain = [one for one in wanted if one not in patterns]
        async with told(self._entry):
            self._client = await client_of(self._entry, secret)
            self._channels = self._client.pubsub(ignore_subscribe_messages=True)
            if plain:
                await self._channels.subscribe(*plain)
            if patterns:
                await self._channels.psubscribe(*patterns)
            await self._channels.get_message(timeout=1.0)  # the confirmation: an error stands here

    async def receive(self) -> Sequence[Delivery]:
        """See `Connector.receive`."""
        if self._channels is None:
            raise Unavailable("not connected")
        found: list[Delivery] = []
        async with told(self._entry):
            while not found:
                some = await self._channels.get_message(timeout=_HEALTH_SECONDS)
                if some is None:
                    await self._channels.ping()  # a broker that has gone without a word is found out
                while some is not None and len(found) < MOST:
                    if some["type"] in ("message", "pmessage"):
                        found.append(Delivery(_message(some)))
                    some = await self._channels.get_message(timeout=0)
        return found

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """See `Connector.done`: nothing is acknowledged."""
        del deliveries

    async def close(self) -> None:
        """See `Connector.close`."""
        for one in (self._channels, self._client):
            if one is not None:
                with contextlib.suppress(Exception):
                    await one.aclose()
        self._channels = self._client = None


def _message(found: dict[str, Any]) -> dict[str, Any]:
    pattern = found.get("pattern") or b""
    return {"channel": _text(found["channel"]), "pattern": _text(pattern), "payload": found["data"]}


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


async def client_of(entry: RedisSource | RedisStreamSource, secret: SecretOf) -> Redis:
    """A client of one connection that is not made anew behind our back, and answers."""
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    host, port = address(entry.host_address, _DEFAULT_PORT)
    await check_host(host, port)
    client = Redis(
        host=host,
        port=port,
        db=entry.db,
        username=entry.username or None,
        password=secret(entry.password) or None,
        socket_connect_timeout=10,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
    context = tls_context(entry.tls, secret)
    if context is not None:
        client.connection_pool.connection_class = _over(context)
    try:
        await client.ping()
    except BaseException:
        with contextlib.suppress(Exception):
            await client.aclose()
        raise
    return client


def _over(context: Any) -> type[Connection]:
    """Connections in a TLS context of our own making."""

    class _Tls(SSLConnection):
        def _connection_arguments(self) -> dict[str, Any]:
            arguments: dict[str, Any] = {**super()._connection_arguments(), "ssl": context}
            return arguments

    return _Tls


@contextlib.asynccontextmanager
async def told(entry: RedisSource | RedisStreamSource) -> AsyncIterator[None]:
    """What redis-py raises, as ours."""
    where = entry.host_address
    try:
        yield
    except (AuthenticationError, AuthorizationError, NoPermissionError) as x:
        raise Denied(f"{where}: {x}") from x
    except ResponseError as x:
        if str(x).startswith(_REFUSALS):
            raise Denied(f"{where}: {x}") from x
        raise Permanent(f"{where}: {x}") from x
    except (RedisError, OSError, TimeoutError) as x:
        raise Unavailable(f"{where}: {x or type(x).__name__}") from x
