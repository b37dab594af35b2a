"""One HTTP/1.1 connection: a request out, the response's status in; the parsing is httptools' (llhttp, as in Node)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

import httptools

from argosy.records import record

__all__ = ["Connection", "Response", "Stale"]

_READ_AT_MOST = 1024 * 1024


class Stale(ConnectionError):
    """The peer closed before it answered anything."""


@record
class Response:
    """What triggers look at: the status, and where a redirect leads."""

    status: int
    location: str


class Connection(asyncio.Protocol):
    """Carries one request at a time; `reusable` tells whether another may follow. `lost` is called when it is gone."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self.reusable = False
        self.idle_since = 0.0
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._waiting: asyncio.Future[Response] | None = None
        self._status, self._location, self._size, self._started = 0, "", 0, False

    async def exchange(self, request: bytes) -> Response:
        """Send `request` and wait for the whole response (its body is read and dropped).

        Raises Stale, ConnectionError, or httptools.HttpParserError for what is no HTTP.
        """
        if self._transport is None or self._transport.is_closing():
            raise Stale("the connection was closed")
        self._parser = httptools.HttpResponseParser(self)
        self._status, self._location, self._size, self._started = 0, "", 0, False
        self._waiting = asyncio.get_running_loop().create_future()
        self.reusable = False
        self._transport.write(request)
        try:
            response = await self._waiting
        except BaseException:
            self.close()
            raise
        if not self.reusable:
            self.close()
        return response

    def close(self) -> None:
        """Drop the connection."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._parser is None or self._waiting is None or self._waiting.done():
            self.close()  # the peer speaks without being asked
            return
        self._started = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._finish(reusable=False)
        except httptools.HttpParserError as x:
            self._fail(x)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self.reusable = False
        self._lost()
        if self._status >= 200 and exc is None:
            self._finish(reusable=False)  # a body without a length ends with its connection
        elif self._started:
            self._fail(ConnectionError("the connection broke in the middle of the answer"))
        else:
            self._fail(Stale("the connection was closed before an answer came"))

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if name.lower() == b"location":
            self._location = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """See httptools."""
        if self._parser is not None:
            self._status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._size += len(body)
        if self._size > _READ_AT_MOST:
            self._finish(reusable=False)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._status >= 200 and self._parser is not None:  # 1xx announce the real answer
            self._finish(reusable=self._parser.should_keep_alive())

    def _finish(self, *, reusable: bool) -> None:
        if self._waiting is not None and not self._waiting.done():
            self.reusable = reusable
            self._waiting.set_result(Response(self._status, self._location))

    def _fail(self, problem: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(problem)


async def connect(
    address: tuple[str, int], server_name: str | None, tls: ssl.SSLContext | None, lost: Callable[[], None]
) -> Connection:
    """Open a connection to an IP address and port. `lost` is called when it is gone. Raises OSError."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: Connection(lost), *address, ssl=tls, server_hostname=server_name if tls is not None else None
    )
    return connection
