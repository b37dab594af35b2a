"""An HTTP/1.1 server for short requests that are answered by one call: the embedded stand-in for API Gateway.

The parsing is httptools' (llhttp, as in Node); what is added is only what stands between a parsed request and a handler:
keep-alive and pipelining in order, sizes checked before a body is read, limits for slow senders and for peers that do
not read, draining. As in Go's net/http, paths are decoded and offers to upgrade are ignored. No tasks, no ASGI: a
request costs a third of what it costs through uvicorn (docs/decisions/0002).

A handler is called with a `Request` and a `Reply`, at once or later, on the event loop.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NoReturn, Protocol, cast
from urllib.parse import unquote_to_bytes

import httptools

__all__ = ["Handler", "HttpServer", "Reply", "Request"]

_LAST_PORT = 65_535
_MAX_HEAD = 64 * 1024
_MAX_PIPELINED = 16
_SLICE = (
    8 * 1024
)  # parsed at once, so that one packet full of tiny requests does not become thousands of them in memory
_MAX_DISCARDED = 32 * 1024 * 1024
_LINGER = 2.0
_SLOW = 60.0
_IDLE = 120.0
_UPGRADES = frozenset(("upgrade", "http2-settings"))
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """A request: decoded path, raw query, headers in order as received (names lower-case), the whole body."""

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
        """Listen; returns the port. Raises OSError when the address is taken, not ours, or none."""
        if not 0 <= port <= _LAST_PORT:
            raise OSError(errno.EINVAL, "a port is a number from 1 to 65535")  # uvloop would take another one
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


class _Stop(Exception):
    """Ends parsing from within the parser's callbacks: nothing more is read on this connection."""


class _Connection(asyncio.Protocol):
    """One connection; requests are served one after the other in the order in which they came.

    The parser only queues; `_advance` is the one loop that serves, and that parses what had no room.
    """

    def __init__(self, server: HttpServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._client = ""
        self._request = Request()
        self._target = b""
        self._body: list[bytes] = []
        self._head_size = self._body_size = self._unseen = self._discarded = 0
        self._limit = 0
        self._rest = memoryview(b"")
        self._waiting: deque[tuple[Request, bool] | bytes] = deque()  # bytes are an answer without a handler
        self._serving = self._reading = self._in_head = self._leave_due = self._advancing = False
        self._last = self._refused = self._closing = self._eof = self._ended = False
        self._choked = self._paused = self._tls = False
        self._since = 0.0
        self._linger: asyncio.TimerHandle | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._client = str(peer[0]) if peer else ""
        self._tls = transport.get_extra_info("sslcontext") is not None
        self._since = self._loop.time()
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """See asyncio."""
        self._server.connections.discard(self)
        self._transport = None
        self._rest = memoryview(b"")
        if self._linger is not None:
            self._linger.cancel()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._last:
            self._discard(len(data))
            return
        if not self._reading:
            self._since = self._loop.time()
        if self._rest or len(data) > _SLICE:
            self._rest = memoryview(bytes(self._rest) + data if self._rest else data)
        else:
            self._feed(data)
        self._advance()

    def eof_received(self) -> bool:
        """See asyncio: keep the way back open while an answer is due, which TLS cannot do."""
        self._eof = self._last = True
        self._reading = False
        return not self._tls and not self._ended and (self._serving or bool(self._waiting))

    def pause_writing(self) -> None:
        """See asyncio: who does not read answers is not served more of them."""
        self._choked = True
        self._since = self._loop.time()

    def resume_writing(self) -> None:
        """See asyncio."""
        self._choked = False
        self._since = self._loop.time()
        self._advance()

    # httptools

    def on_message_begin(self) -> None:
        """See httptools."""
        if self._last:
            raise _Stop
        self._request = Request(client=self._client)
        self._target, self._body, self._head_size, self._body_size, self._unseen = b"", [], 0, 0, 0
        self._reading = self._in_head = True

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._target += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools; what trails a chunked body is no header, as in Go."""
        if self._in_head:
            self._request.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))
        self._grow(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        """See httptools."""
        self._in_head = False
        request = self._request
        request.method = self._parser.get_method().decode("latin-1")
        if self._ignores_upgrade():
            return
        request.path, request.query = _split(self._target)
        self._limit = self._server.handler.limit(request)
        expects = False
        for name, value in request.headers:
            if name == "content-length" and 0 <= self._limit < int(value):
                self._refuse_size()
            elif name == "expect":
                expects = value.lower() == "100-continue"
        if expects:
            self._leave_due = True
            self._give_leave()

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._unseen = 0
        self._body_size += len(body)
        if self._limit >= 0:
            if self._body_size > self._limit:
                self._refuse_size()
            self._body.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._ignores_upgrade():
            return
        self._reading = self._leave_due = False
        self._request.body = b"".join(self._body)
        self._last = self._closing or self._parser.should_upgrade() or not self._parser.should_keep_alive()
        self._waiting.append((self._request, not self._last))

    # parsing

    def _feed(self, data: bytes | memoryview) -> None:
        """Parse; what is whole is queued, as is the answer to what cannot be parsed."""
        self._unseen += len(data)
        try:
            try:
                self._parse(data)
            except httptools.HttpParserError:
                if not self._last:
                    self._refuse(400, b"this is not HTTP/1.1")
            if self._reading and self._unseen > _MAX_HEAD:
                self._refuse_head()  # the parser keeps a header to itself until it is whole
        except _Stop:
            return

    def _parse(self, data: bytes | memoryview) -> None:
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as x:
                if self._last:
                    return
                head = self._plain_head()
                self._parser = httptools.HttpRequestParser(self)
                self._parser.feed_data(head)
                data = memoryview(data)[x.args[0] :]
            else:
                return

    def _ignores_upgrade(self) -> bool:
        """Whether this request asks for another protocol; the parser takes such a request to end with its head."""
        return self._parser.should_upgrade() and self._request.method != "CONNECT"

    def _plain_head(self) -> bytes:
        """The head that was just read, as if no other protocol had been asked for."""
        version = self._parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b" % (self._request.method.encode("latin-1"), self._target, version)]
        for name, value in self._request.headers:
            if name == "connection":
                tokens = [token.strip() for token in value.split(",")]
                kept = ", ".join(token for token in tokens if token.lower() not in _UPGRADES)
            else:
                kept = value
            if name not in _UPGRADES and (kept or name != "connection"):
                lines.append(f"{name}: {kept}".encode("latin-1"))
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _grow(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _MAX_HEAD:
            self._refuse_head()

    def _refuse_head(self) -> NoReturn:
        self._refuse(431, b"the head of the request is too large")

    def _refuse_size(self) -> NoReturn:
        self._refuse(413, f"the body is larger than the {self._limit} bytes that are taken here".encode())

    def _refuse(self, status: int, text: bytes) -> NoReturn:
        """Queue an answer without serving and stop parsing: this is the connection's last answer."""
        self._refused = self._last = True
        self._reading = self._leave_due = False
        self._body = []
        self._waiting.append(_response(status, {"content-type": "text/plain"}, text, head_only=False, closing=True))
        raise _Stop

    def _discard(self, size: int) -> None:
        """Take what comes after the last request, since closing on unread data would cost the sender the answer."""
        self._discarded += size
        if self._discarded > _MAX_DISCARDED:
            if self._ended and self._transport is not None:
                self._transport.close()
            self._flow()

    # serving

    def _advance(self) -> None:
        """Serve what waits, parse what is left, until either has to wait for something; never within itself."""
        if self._advancing:
            return
        self._advancing = True
        try:
            while True:
                while self._waiting and not self._serving and not self._choked:
                    self._serve(self._waiting.popleft())
                if not self._rest:
                    break
                if self._last:
                    self._discarded += len(self._rest)
                    self._rest = memoryview(b"")
                    break
                if self._choked or len(self._waiting) > _MAX_PIPELINED:
                    break
                piece, self._rest = self._rest[:_SLICE], self._rest[_SLICE:]
                self._feed(piece)
        finally:
            self._advancing = False
        if self._leave_due:
            self._give_leave()
        self._flow()

    def _serve(self, entry: tuple[Request, bool] | bytes) -> None:
        if isinstance(entry, bytes):
            self._since = self._loop.time()
            self._write(entry)
            self._end()
            return
        request, keep_alive = entry
        self._serving = True

        def reply(status: int, headers: Mapping[str, str], body: bytes) -> None:
            self._serving = False
            self._since = self._loop.time()
            closing = not keep_alive or (self._last and not self._waiting)
            self._write(_response(status, headers, body, head_only=request.method == "HEAD", closing=closing))
            if closing:
                self._end()
            self._advance()

        self._server.handler.serve(request, reply)

    def _give_leave(self) -> None:
        """Tell a sender that waits for it to go on, once all earlier requests are answered."""
        if not self._serving and not self._waiting:
            self._leave_due = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _flow(self) -> None:
        """Read only while there is room for what is read."""
        full = self._choked or len(self._waiting) > _MAX_PIPELINED or len(self._rest) > 0
        full = (full and not self._ended) or self._discarded > _MAX_DISCARDED
        if full != self._paused and self._transport is not None:
            self._paused = full
            if full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def drain(self) -> None:
        """End after the requests that have begun; at once if there are none."""
        self._closing = True
        if self._reading:
            return
        self._last = True
        if not self._serving and not self._waiting and not self._ended and self._transport is not None:
            self._transport.close()

    def drop(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def close_if_slow(self, now: float) -> None:
        """Cut a connection whose sender takes too long, that does not read its answers, or that has lain idle."""
        stuck = self._choked or self._ended
        if (stuck or not self._serving) and now - self._since > (_SLOW if stuck or self._reading else _IDLE):
            self.drop()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _end(self) -> None:
        """Close after the last answer, in two steps if the sender may still be sending (RFC 9112, 9.6)."""
        transport = self._transport
        if transport is None or self._ended:
            return
        self._ended = True
        still_sending = self._refused or self._discarded > 0
        heard = self._eof or self._discarded > _MAX_DISCARDED
        if heard or ((self._tls or self._closing) and not still_sending):
            transport.close()
            return
        self._linger = self._loop.call_later(_LINGER, transport.close)
        if transport.can_write_eof():
            try:
                transport.write_eof()
            except OSError:  # the other side has cut the connection already
                transport.close()


def _split(target: bytes) -> tuple[str, bytes]:
    """Path, decoded as Go's routers see it, and query of a request target, which may be a whole URL."""
    path, _, query = target.partition(b"?")
    if not path.startswith(b"/"):
        _, scheme, rest = path.partition(b"://")
        if scheme:
            path = b"/" + rest.partition(b"/")[2]
    try:
        return (unquote_to_bytes(path) if b"%" in path else path).decode(), query
    except UnicodeDecodeError:
        return path.decode("latin-1"), query


def _response(status: int, headers: Mapping[str, str], body: bytes, *, head_only: bool, closing: bool) -> bytes:
    parts = [b"HTTP/1.1 %d %b\r\n" % (status, _REASONS.get(status, b""))]
    for name, value in headers.items():
        parts.append(f"{name}: {value}\r\n".encode("latin-1", "replace"))
    parts.append(b"content-length: %d\r\n" % len(body))
    parts.append(b"connection: close\r\n\r\n" if closing else b"\r\n")
    if not head_only:
        parts.append(body)
    return b"".join(parts)
