"""An HTTP/1.1 server for short requests that are answered by one call: the embedded stand-in for API Gateway.

The parsing is httptools' (llhttp, as in Node); what is added is only what stands between a parsed request and a handler:
keep-alive and pipelining in order, sizes checked before a body is read, a time limit for slow senders, draining. No
tasks, no ASGI: a request costs a third of what it costs through uvicorn (docs/decisions/0002).

A handler is called with a `Request` and a `Reply`, at once or later, on the event loop.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, cast

import httptools

__all__ = ["Handler", "HttpServer", "Reply", "Request"]

_MAX_HEAD = 64 * 1024
_MAX_PIPELINED = 16
_SLOW = 60.0
_IDLE = 120.0
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """A request: raw target parts, headers in order as received (names lower-case), the whole body."""

    method: str = ""
    path: str = ""
    query: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    client: str = ""


Reply = Callable[[int, Mapping[str, str], bytes], None]


class Handler(Protocol):
    """What serves requests."""

    def limit(self, request: Request) -> int:
        """Greatest body in bytes, asked for when the head of the request is there; -1 when the path leads nowhere."""
        ...

    def serve(self, request: Request, reply: Reply) -> None:
        """Serve a whole request and call `reply` once, now or later."""
        ...


class HttpServer:
    """Listens on one socket and keeps its connections."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweep: asyncio.TimerHandle | None = None

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen; returns the port. Raises OSError when the address is taken or not ours."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, ssl=tls, backlog=2048)
        self._sweep = loop.call_later(_SLOW / 2, self._close_slow)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self, seconds: float) -> None:
        """Stop listening, let requests that have begun end for up to `seconds`, then drop what is left."""
        if self._server is None:
            return
        self._server.close()
        if self._sweep is not None:
            self._sweep.cancel()
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        for connection in list(self.connections):
            connection.drain()
        while self.connections and loop.time() < end:
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.drop()

    def _close_slow(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self.connections):
            connection.close_if_slow(loop.time())
        self._sweep = loop.call_later(_SLOW / 2, self._close_slow)


class _Connection(asyncio.Protocol):
    """One connection; requests are served one after the other in the order in which they came."""

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._client = ""
        self._request = Request()
        self._target = b""
        self._body: list[bytes] = []
        self._head_size = self._body_size = 0
        self._limit = 0
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._serving = self._reading = self._closing = self._refused = False
        self._since = 0.0

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._since = asyncio.get_running_loop().time()
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See asyncio."""
        self._server.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._refused or self._closing:
            return
        if not self._reading:
            self._since = asyncio.get_running_loop().time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.drain()  # no other protocol is spoken here: the answer to the request itself is the last one
        except httptools.HttpParserError:
            self._refuse(400, b"this is not HTTP/1.1")

    def eof_received(self) -> bool:
        """See asyncio: keep the way back open while an answer is due."""
        self._closing = True
        return self._serving

    # httptools

    def on_message_begin(self) -> None:
        """See httptools."""
        self._request = Request(client=self._client)
        self._target, self._body, self._head_size, self._body_size = b"", [], 0, 0
        self._reading = True

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._target += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._request.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))
        self._grow(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """See httptools."""
        request = self._request
        request.method = self._parser.get_method().decode("latin-1")
        path, _, request.query = self._target.partition(b"?")
        request.path = path.decode("latin-1")
        self._limit = self._server.handler.limit(request)
        length = next((value for name, value in request.headers if name == "content-length"), "")
        if self._limit >= 0 and length.isdigit() and int(length) > self._limit:
            self._refuse_size()
        elif any(name == "expect" and value.lower() == "100-continue" for name, value in request.headers):
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._body_size += len(body)
        if self._limit >= 0 and self._body_size > self._limit:
            self._refuse_size()
        elif not self._refused and self._limit >= 0:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._reading = False
        if self._refused:
            return
        self._request.body = b"".join(self._body)
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        if len(self._waiting) > _MAX_PIPELINED and self._transport is not None:
            self._transport.pause_reading()
        self._next()

    # serving

    def _next(self) -> None:
        if self._serving or not self._waiting:
            return
        request, keep_alive = self._waiting.popleft()
        self._serving = True

        def reply(status: int, headers: Mapping[str, str], body: bytes) -> None:
            self._serving = False
            self._since = asyncio.get_running_loop().time()
            closing = not keep_alive or (self._closing and not self._waiting)
            self._write(_response(status, headers, body, head_only=request.method == "HEAD", closing=closing))
            if closing:
                self._end()
            elif self._waiting:
                if self._transport is not None and len(self._waiting) <= _MAX_PIPELINED:
                    self._transport.resume_reading()
                self._next()

        self._server.handler.serve(request, reply)

    def drain(self) -> None:
        """End after the requests that have begun; at once if there are none."""
        self._closing = True
        if not self._serving and not self._reading and not self._waiting:
            self._end()

    def drop(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def close_if_slow(self, now: float) -> None:
        """Cut a connection whose sender takes too long, or that has lain idle for long."""
        if not self._serving and now - self._since > (_SLOW if self._reading else _IDLE):
            self.drop()

    def _grow(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _MAX_HEAD:
            self._refuse(431, b"the head of the request is too large")

    def _refuse_size(self) -> None:
        self._refuse(413, f"the body is larger than the {self._limit} bytes that this event source takes".encode())

    def _refuse(self, status: int, text: bytes) -> None:
        """Answer without serving; what else the sender sends is not read, so this is the connection's last answer."""
        if not self._refused:
            self._refused = True
            self._write(_response(status, {"content-type": "text/plain"}, text, head_only=False, closing=True))
            self._end()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _end(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _response(status: int, headers: Mapping[str, str], body: bytes, *, head_only: bool, closing: bool) -> bytes:
    parts = [b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b""))]
    for name, value in headers.items():
        parts.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))
    parts.append(b"content-length: %d\r\n" % len(body))
    parts.append(b"connection: close\r\n\r\n" if closing else b"\r\n")
    if not head_only:
        parts.append(body)
    return b"".join(parts)
