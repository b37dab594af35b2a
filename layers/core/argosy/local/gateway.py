"""The HTTP side of the embedded runtime: what API Gateway is on AWS.

Each request becomes an API Gateway proxy event (payload v1) for the webhook function; the answer goes out once what the
function sent is committed. Sizes are checked before a body is read. Listeners know nothing of event sources: they are
given a router that turns a path into the function's route.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.errors import ArgosyError
from argosy.local.functions import Context, Handler

__all__ = ["Gateway", "Listener", "Route"]

_log = logging.getLogger("argosy.local")
_RESOURCE = "/hooks/{namespace}/{source}/{proxy+}"
_BARE_RESOURCE = "/hooks/{namespace}/{source}"

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads: event source, the rest of the path, the greatest body in bytes, and the port it came in on."""

    namespace: str
    source: str
    rest: str
    limit: int
    port: str = ""


Router = Callable[[str, str], Route | None]
"""(method, path) → route, None for 404."""


class Gateway:
    """Calls the webhook function for requests and commits what it sends; `sent` is called after each group of commits."""

    def __init__(self, queue: SqliteQueue, handler: Handler, sent: Callable[[], None]) -> None:
        self._queue, self._handler = queue, handler
        queue.committed = sent
        self._context = Context("webhook")
        self._loop = asyncio.get_running_loop()

    async def serve(self, route: Route | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that was routed."""
        if route is None:
            await _answer(send, 404, b"nothing is served here", close=True)
            return
        length = _content_length(scope["headers"])
        if length is not None and length > route.limit:
            await _answer(send, 413, _too_large(route.limit), close=True)
            return
        body = await _read(receive, route.limit)
        if body is None:
            await _answer(send, 413, _too_large(route.limit), close=True)
            return
        with self._queue.invocation() as unit:
            result = self._handler(_event(route, scope, body), self._context)
        if not unit.empty:
            try:
                await self._queue.commit_soon(unit, self._loop)
            except ArgosyError as x:
                _log.error("event not stored: %s", x)
                await _answer(send, 503, b"the event could not be stored, send it again")
                return
        await _reply(send, result)


class Listener:
    """One listening socket with its connections."""

    def __init__(self, gateway: Gateway, router: Router) -> None:
        self._gateway, self._router = gateway, router
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        """Listen. Raises OSError when the address is taken or not ours."""
        config = Config(
            self._app,
            interface="asgi3",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="off",
            proxy_headers=False,
        )
        config.load()
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return HttpToolsProtocol(config=config, server_state=self._state, app_state={})

        listening = socket.create_server((host, port), family=_family(host), backlog=2048)
        try:
            self._server = await loop.create_server(protocol, sock=listening, ssl=tls, backlog=2048)
        except BaseException:
            listening.close()
            raise

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def close(self, seconds: float) -> None:
        """Stop listening, let running requests end for up to `seconds`, then drop what is left."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._state.connections):
            connection.shutdown()
        end = asyncio.get_running_loop().time() + seconds
        while self._state.tasks and asyncio.get_running_loop().time() < end:
            await asyncio.wait(self._state.tasks, timeout=max(0.0, end - asyncio.get_running_loop().time()))
        for connection in list(self._state.connections):
            transport = cast("asyncio.Transport | None", getattr(connection, "transport", None))
            if transport is not None:
                transport.abort()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await self._gateway.serve(self._router(scope["method"], scope["path"]), scope, receive, send)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _content_length(headers: Sequence[tuple[bytes, bytes]]) -> int | None:
    for name, value in headers:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _too_large(limit: int) -> bytes:
    return f"the body is larger than the {limit} bytes that this event source takes".encode()


async def _read(receive: Receive, limit: int) -> bytes | None:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
    return b"".join(parts)


def _event(route: Route, scope: Scope, body: bytes) -> dict[str, Any]:
    headers: dict[str, str] = {}
    many: dict[str, list[str]] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = value
        many.setdefault(name, []).append(value)
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    query = _query(scope["query_string"])
    path = f"/hooks/{route.namespace}/{route.source}"
    parameters = {"namespace": route.namespace, "source": route.source}
    resource = _BARE_RESOURCE
    if route.rest:
        resource, path = _RESOURCE, f"{path}/{route.rest}"
        parameters["proxy"] = route.rest
    client = scope.get("client") or ("", 0)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": scope["method"],
        "headers": headers,
        "multiValueHeaders": many,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": query,
        "pathParameters": parameters,
        "stageVariables": {"port": route.port} if route.port else None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": scope["method"],
            "path": path,
            "stage": "local",
            "identity": {"sourceIp": client[0]},
        },
        "body": text if body else None,
        "isBase64Encoded": encoded,
    }


def _query(raw: bytes) -> dict[str, list[str]] | None:
    if not raw:
        return None
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values


async def _answer(send: Send, status: int, body: bytes, *, close: bool = False) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    if close:
        # The rest of the request is not read, so the connection cannot carry another.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _reply(send: Send, result: Mapping[str, Any]) -> None:
    body = result.get("body") or ""
    data = base64.b64decode(body) if result.get("isBase64Encoded") else str(body).encode()
    headers = [(name.encode("latin-1"), str(value).encode("latin-1")) for name, value in result["headers"].items()]
    for name, values in (result.get("multiValueHeaders") or {}).items():
        headers.extend((name.encode("latin-1"), str(value).encode("latin-1")) for value in values)
    headers.append((b"content-length", b"%d" % len(data)))
    await send({"type": "http.response.start", "status": result["statusCode"], "headers": headers})
    await send({"type": "http.response.body", "body": data})
