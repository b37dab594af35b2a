"""What all that speaks with NATS shares: connecting and logging in, and what nats-py raises as errors of ours."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from nats.aio.client import Client
from nats.errors import AuthorizationError, Error

from argosy.adapters.brokers.common import address, check_host, shown, tls_context
from argosy.adapters.brokers.nkeys import UserKey, read_credentials
from argosy.errors import Denied, InvalidObject, Unavailable
from argosy.ports.brokers import SecretOf
from argosy.resources.sensor import NatsTrigger
from argosy.resources.sources.brokers import NatsSource

__all__ = ["NatsSession"]

_PORT = 4222
_END_SECONDS = 3.0
_FLUSH_SECONDS = 10
_REFUSALS = ("authorization violation", "authentication", "permissions violation")


class NatsSession:
    """A connection to the servers of an entry, which is not mended: `lost` is told why it has ended."""

    def __init__(
        self, entry: NatsSource | NatsTrigger, lost: Callable[[Denied | Unavailable], None] = lambda _: None
    ) -> None:
        self._entry, self._lost = entry, lost
        self._servers = [one.strip() for one in entry.url.split(",")]
        self.where = ", ".join(shown(one) for one in self._servers)
        self.client = Client()
        self._refusals: list[Exception] = []

    async def open(self, secret: SecretOf) -> None:
        """Connect. Raises Denied, Unavailable, or InvalidObject for credentials that cannot be read."""
        for one in self._servers:
            await check_host(*address(one, _PORT))
        login = _login(self._entry, secret)
        if key := login.pop("nkey", ""):
            self.client._public_nkey = key  # else the client reads seeds by a package that has no wheels
        async with self.told():
            await self.client.connect(
                self._servers,
                allow_reconnect=False,
                max_reconnect_attempts=1,  # 0 would try for ever, each server twice is the least
                reconnect_time_wait=0,
                connect_timeout=10,
                error_cb=self._failed,
                disconnected_cb=self._ended,
                closed_cb=self._ended,
                tls=tls_context(self._entry.tls, secret),
                **login,
            )

    async def close(self) -> None:
        """Let go, whatever state it is in."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_END_SECONDS):
                await self.client.close()

    async def settled(self) -> None:
        """Wait until the server has answered what was sent so far. Raises nats-py's errors."""
        await self.client._flush_pending(force_flush=True)  # `flush` sends its PING ahead of what still waits here
        await self.client.flush(_FLUSH_SECONDS)

    @property
    def takes_headers(self) -> bool:
        """Whether the server knows headers of messages."""
        return bool(self.client._server_info.get("headers"))

    @contextlib.asynccontextmanager
    async def told(self) -> AsyncIterator[None]:
        """What nats-py raises, or the server has said meanwhile, as ours."""
        try:
            yield
        except (Error, OSError, TimeoutError) as x:
            self.check(x)
            why = self._refusals[-1] if self._refusals else x
            raise Unavailable(f"{self.where}: {why or type(why).__name__}") from x
        except ValueError as x:
            unreadable = f"{self.where}: the credentials cannot be read: {type(x).__name__}"
            raise InvalidObject(unreadable, field="auth") from x

    def check(self, cause: Exception | None = None) -> None:
        """Raise Denied when the server has refused something."""
        refused = next((one for one in (cause, *self._refusals) if one is not None and _refused(one)), None)
        if refused is not None:
            raise Denied(f"{self.where}: {refused}") from cause

    async def _failed(self, x: Exception) -> None:
        self._refusals.append(x)
        if _refused(x):
            self._lost(Denied(f"{self.where}: {x}"))

    async def _ended(self) -> None:
        self._lost(Unavailable(f"{self.where}: the connection is lost"))


def _login(entry: NatsSource | NatsTrigger, secret: SecretOf) -> dict[str, Any]:
    auth = entry.auth
    if auth is None:
        return {}
    if auth.basic is not None:
        return {"user": secret(auth.basic.username), "password": secret(auth.basic.password)}
    if auth.token is not None:
        return {"token": secret(auth.token)}
    if auth.nkey is not None:
        key = UserKey(secret(auth.nkey))
        return {"nkey": key.public, "signature_cb": key.sign}
    if auth.credential is not None:
        jwt, key = read_credentials(secret(auth.credential))
        return {"user_jwt_cb": lambda: jwt, "signature_cb": key.sign}
    return {}


def _refused(x: Exception) -> bool:
    return isinstance(x, AuthorizationError) or any(words in str(x).lower() for words in _REFUSALS)
