"""Which ports are open for which event sources that come by HTTP, kept in step with the declarations.

Every port that an entry names is served as Argo's pods serve it. The API port serves all entries under
`/hooks/{namespace}/{event source}/{endpoint}`, and `/api/v1` beside them. What cannot be served is said once and tried
again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from argosy.errors import ArgosyError
from argosy.events.sources.hooks import HEALTH, size_limit
from argosy.local.apidoor import ApiDoor, Branch, GitDoor
from argosy.local.gateway import Door, Gateway, Route, Router
from argosy.local.httpserver import HttpServer
from argosy.ports.secrets import Secrets
from argosy.services.declarations import Declarations, Hook, pick

__all__ = ["Doors"]

_log = logging.getLogger("argosy.local")
_LOOK_SECONDS = 2.0
_CLOSE_SECONDS = 5.0
_UNKNOWN_LIMIT = 1024 * 1024


class Doors:
    """The open ports."""

    def __init__(
        self,
        gateway: Gateway,
        declarations: Declarations,
        secrets: Secrets,
        host: str,
        api: ApiDoor,
        git: GitDoor,
    ) -> None:
        self._gateway, self._declarations, self._secrets, self._host = gateway, declarations, secrets, host
        self._api_door, self._git_door = api, git
        self._open: dict[str, tuple[HttpServer, tuple[str, ...] | None]] = {}
        self._routes: dict[str, dict[str, list[Hook]]] = {}
        self._said: dict[str, str] = {}
        self._api: HttpServer | None = None
        self._looking: asyncio.Task[None] | None = None

    async def open_api(self, port: int) -> int | None:
        """Open the API port if it is not open; returns its number, or None and says why when it cannot be opened."""
        server = HttpServer(Branch(self._api_door, self._git_door, Door(self._gateway, self._api_route)))
        try:
            number = await server.open(self._host, port)
        except OSError as x:
            address = f"{self._host}:{port}"
            reason = _reason(x)
            self._say(
                "api", f"the API address {address} cannot be opened ({reason}); choose another with --api; trying again"
            )
            return None
        self._api = server
        return number

    @property
    def has_api(self) -> bool:
        """Whether the API port is open."""
        return self._api is not None

    async def sync(self) -> None:
        """Open what is declared and not open, close what is no longer declared."""
        by_port: dict[str, dict[str, list[Hook]]] = {}
        for hook in self._declarations.all_hooks():
            by_port.setdefault(hook.hook.port, {}).setdefault(hook.path, []).append(hook)
        self._routes = by_port
        for key, reason in self._declarations.broken.items():
            self._say(f"object {key}", f"{key} cannot be used and is left out: {reason}")
        for port in [port for port in self._open if port not in by_port]:
            listener, _ = self._open.pop(port)
            await listener.close(_CLOSE_SECONDS)
            _log.info("port %s closed", port)
        for port, paths in by_port.items():
            await self._open_port(port, [hook for hooks in paths.values() for hook in hooks])
            self._say_collisions(port, paths)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(self._say_secrets))
        await asyncio.wait([self._looking], timeout=_LOOK_SECONDS)

    async def close(self, seconds: float) -> None:
        """Stop taking requests, let running ones end."""
        listeners = [listener for listener, _ in self._open.values()] + ([self._api] if self._api else [])
        await asyncio.gather(*(listener.close(seconds) for listener in listeners))

    async def _open_port(self, port: str, hooks: Sequence[Hook]) -> None:
        tls = next((_tls_secrets(hook) for hook in hooks if hook.hook.server_cert_secret), None)
        if port in self._open:
            listener, before = self._open[port]
            if before == tls:
                return
            del self._open[port]
            await listener.close(_CLOSE_SECONDS)
        listener = HttpServer(Door(self._gateway, self._port_router(port)))
        try:
            context = await asyncio.to_thread(self._tls, hooks) if tls else None
            await listener.open(self._host, int(port), context)
        except (OSError, OverflowError, ArgosyError) as x:
            reason = _reason(x)
            names = ", ".join(sorted({f"{hook.namespace}/{hook.source}" for hook in hooks}))
            self._say(
                f"port {port}",
                f"port {port} cannot be opened ({reason}): {names} is served under /hooks only; trying again",
            )
            return
        self._open[port] = (listener, tls)
        self._said.pop(f"port {port}", None)
        scheme = "https" if context else "http"
        for hook in hooks:
            where = f"{scheme}://{self._host}:{port}{hook.path}"
            _log.info("%s %s: %s %s", hook.kind, hook.key, hook.hook.method or "POST", where)

    def _tls(self, hooks: Sequence[Hook]) -> ssl.SSLContext:
        hook = next(hook for hook in hooks if hook.hook.server_cert_secret)
        cert, key = hook.hook.server_cert_secret, hook.hook.server_key_secret
        texts = [self._secrets.secret(hook.namespace, ref.name, ref.key, hook.account) for ref in (cert, key) if ref]
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        with tempfile.TemporaryDirectory() as folder:
            chain = Path(folder) / "chain.pem"
            chain.touch(mode=0o600)
            chain.write_text("\n".join(texts))
            context.load_cert_chain(chain)
        return context

    def _port_router(self, port: str) -> Router:
        def route(method: str, path: str) -> Route | None:
            paths = self._routes.get(port)
            if not paths:
                return None
            hooks = paths.get(path)
            if hooks is None:
                if path != HEALTH:
                    return None
                hooks = next(iter(paths.values()))
            hook = pick(hooks, method)
            if hook is None:
                return None
            return Route(hook.namespace, hook.source, path.lstrip("/"), size_limit(hook.hook), port)

        return route

    def _api_route(self, method: str, path: str) -> Route | None:
        parts = path.split("/", 4)
        if len(parts) < 4 or parts[1] != "hooks" or not parts[3]:
            return None
        namespace, source, rest = parts[2], parts[3], parts[4] if len(parts) > 4 else ""
        hooks = self._declarations.hooks(namespace, source)
        if not hooks:
            return None
        hook = pick([hook for hook in hooks if hook.path == f"/{rest}"], method)
        return Route(namespace, source, rest, size_limit(hook.hook) if hook else _UNKNOWN_LIMIT)

    def _say_collisions(self, port: str, paths: dict[str, list[Hook]]) -> None:
        for path, hooks in paths.items():
            taken = [
                hook for hook in hooks[1:] if (hook.namespace, hook.source) != (hooks[0].namespace, hooks[0].source)
            ]
            for hook in taken:
                first = f"{hooks[0].namespace}/{hooks[0].source}"
                own = f"/hooks/{hook.namespace}/{hook.source}{hook.path}"
                self._say(
                    f"{port}{path} {hook.namespace}/{hook.source}",
                    f"port {port} path {path} is taken by {first}; {hook.namespace}/{hook.source} is served under {own}",
                )

    def _say_secrets(self) -> None:
        for hook in self._declarations.all_hooks():
            for name, ref in hook.secrets.items():
                try:
                    self._secrets.secret(hook.namespace, ref.name, ref.key, hook.account)
                    self._said.pop(f"secret {hook.key} {name}", None)
                except ArgosyError as x:
                    text = f"{hook.kind} {hook.key} answers 500 until its {name} can be read: {x}"
                    self._say(f"secret {hook.key} {name}", text)

    def _say(self, key: str, text: str) -> None:
        if self._said.get(key) != text:
            self._said[key] = text
            _log.warning(text)


def _reason(problem: Exception) -> str:
    number = getattr(problem, "errno", None)
    return os.strerror(number).lower() if isinstance(number, int) else str(problem)


def _tls_secrets(hook: Hook) -> tuple[str, ...]:
    refs = (hook.hook.server_cert_secret, hook.hook.server_key_secret)
    return (hook.namespace, *(part for ref in refs if ref for part in (ref.name, ref.key)))
