"""What senders share: the Secrets of a trigger, what every message carries, and connections that firings have in common."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from dataclasses import dataclass

import orjson

from argosy.events.effects import SendMessage
from argosy.events.named import named_by_entry
from argosy.events.tracing import trace_headers
from argosy.ports.brokers import SecretOf
from argosy.ports.executor import FiringInfo
from argosy.ports.secrets import Secrets
from argosy.resources.base import Model

__all__ = ["Shared", "marks", "same_server", "secret_of"]


def secret_of(secrets: Secrets, effect: SendMessage, firing: FiringInfo, trigger: Model) -> SecretOf:
    """The values of the key selectors of a trigger, all read now. Raises what `Secrets.secret` does."""
    values = {
        (ref.name, ref.key): secrets.secret(firing.namespace, ref.name, ref.key, ref.account)
        for ref in named_by_entry(trigger, effect.service_account, ports=True)
    }
    return lambda ref: values[ref.name, ref.key] if ref is not None else ""


def marks(firing: FiringInfo) -> dict[str, str]:
    """Headers of every message: its firing, the same in each attempt, and its trace."""
    return {"Idempotency-Key": firing.id, **trace_headers(firing.trace, firing.id)}


def same_server(effect: SendMessage, firing: FiringInfo, *of_message: str) -> Hashable:
    """Equal for firings that may share a connection; `of_message` are the trigger's fields that have no part in it."""
    connection = {name: value for name, value in effect.trigger.items() if name not in of_message}
    return firing.namespace, effect.service_account, orjson.dumps(connection, option=orjson.OPT_SORT_KEYS)


@dataclass(slots=True)
class _Held[C]:
    opening: asyncio.Task[C]
    users: int = 0


class Shared[C]:
    """Connections for as long as firings are under way that need them: a batch has one for each server.

    None outlives them: a function may be frozen for minutes after any invocation, and what it then finds is a connection
    whose other end has gone.
    """

    def __init__(self, close: Callable[[C], Awaitable[None]]) -> None:
        self._close = close
        self._held: dict[Hashable, _Held[C]] = {}

    @contextlib.asynccontextmanager
    async def use(self, server: Hashable, connect: Callable[[], Awaitable[C]]) -> AsyncIterator[C]:
        """The connection to a server, made by the first who asks. Raises what `connect` does."""
        key = (asyncio.get_running_loop(), server)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held(asyncio.ensure_future(_opened(connect)))
        held.users += 1
        try:
            yield await asyncio.shield(held.opening)
        finally:
            held.users -= 1
            if not held.users:
                del self._held[key]
                await self._let_go(held.opening)

    async def _let_go(self, opening: asyncio.Task[C]) -> None:
        opening.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await self._close(await opening)


async def _opened[C](connect: Callable[[], Awaitable[C]]) -> C:
    return await connect()
