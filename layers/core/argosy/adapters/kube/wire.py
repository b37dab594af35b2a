"""Requests to one API server on kept connections; the parsing is httptools' (llhttp, as in Node).

Small on purpose: what a controller costs is in large part its requests, and one takes a seventh of the processor time here
that it takes through the kubernetes package on urllib3 (docs/decisions/0015). No redirects, no retries, no proxies; in the
body's own encoding, which is none, since none is asked for.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
import weakref
from collections import deque
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httptools
import orjson

from argosy.adapters.kube.connection import TIMEOUT, Answer, Call, Door, no_answer

__all__ = ["Wire"]

_KEPT_AT_MOST: Final = 8
_KEPT_SECONDS: Final = 30.0
_PIECE: Final = 256 * 1024


class Wire:
    """Sends requests through a door; safe to use from several threads, each of which has a connection to itself."""

    def __init__(self, door: Door) -> None:
        parts = urlsplit(door.host)
        self._door, self._prefix = door, parts.path.rstrip("/")
        self._address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        self._host = parts.netloc.rpartition("@")[2]
        self._idle: deque[_Link] = deque()
        # Whoever has connected need not say when he is done, as with urllib3.
        weakref.finalize(self, _close_all, self._idle).atexit = False

    def send(self, call: Call, subject: str, authorization: str) -> Answer:
        """The answer to a request. Raises `Unavailable`, which names `subject`, when there is none."""
        request = self._request(call, authorization)
        try:
            link = self._take() or self._dial()
            answer = link.exchange(request)
        except (OSError, ValueError, httptools.HttpParserError) as x:  # a name that is none is a ValueError
            raise no_answer(self._door.host, subject, x or type(x).__name__) from x
        if link.reusable and len(self._idle) < _KEPT_AT_MOST:
            link.idle_since = time.monotonic()
            self._idle.append(link)
        else:
            link.close()
        return answer

    def close(self) -> None:
        """Close the kept connections."""
        _close_all(self._idle)

    def _take(self) -> _Link | None:
        """The connection that was used last, if its peer still holds it."""
        while link := _last(self._idle):
            if time.monotonic() - link.idle_since < _KEPT_SECONDS and link.is_quiet():
                return link
            link.close()
        return None

    def _dial(self) -> _Link:
        if not self._address[0]:  # which would be this machine
            raise OSError("this address names no host")
        plain = socket.create_connection(self._address, TIMEOUT[0])
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            name = self._door.server_name or self._address[0]
            ours = plain if self._door.tls is None else self._door.tls.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise
        ours.settimeout(TIMEOUT[1])
        return _Link(ours)

    def _request(self, call: Call, authorization: str) -> bytes:
        path = self._prefix + quote(call.path, safe="/%:@!$&'()*+,;=~-._")
        lines = [
            f"{call.method} {path}{'?' + urlencode(call.query) if call.query else ''} HTTP/1.1",
            f"host: {self._host}",
            f"accept: {call.accept}",
            "user-agent: argosy",
        ]
        if authorization:
            lines.append(f"authorization: {authorization}")
        if call.user is not None:
            lines.append(f"impersonate-user: {call.user.user}")
        body = b"" if call.body is None else _encoded(call.body)
        if body:
            lines.append(f"content-type: {call.content_type}")
        if body or call.method != "GET":
            lines.append(f"content-length: {len(body)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _last(links: deque[_Link]) -> _Link | None:
    try:
        return links.pop()
    except IndexError:
        return None


def _close_all(links: deque[_Link]) -> None:
    while link := _last(links):
        link.close()


def _encoded(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # a number of more than 64 bits, which is the server's to judge
        return json.dumps(body).encode()


class _Link:
    """One connection: a request at a time, each to its whole answer."""

    def __init__(self, socket_: socket.socket) -> None:
        self._socket = socket_
        self.reusable, self.idle_since = False, 0.0

    def exchange(self, request: bytes) -> Answer:
        """Send it and read the answer. Raises OSError, `httptools.HttpParserError`; the connection is closed then."""
        self._begin()
        self.reusable = False
        try:
            self._socket.sendall(request)
            while not self._whole:
                piece = self._socket.recv(_PIECE)
                if not piece:
                    self._end()
                    break
                self._parser.feed_data(piece)
        except BaseException:
            self.close()
            raise
        return Answer(self._status, b"".join(self._pieces), self._headers)

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: what a server that closes says is its end."""
        waits = select.poll()
        waits.register(self._socket, select.POLLIN)
        return not waits.poll(0)

    def close(self) -> None:
        """Drop it."""
        self.reusable = False
        with contextlib.suppress(OSError):
            self._socket.close()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._status, self._whole = 0, False
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []

    def _end(self) -> None:
        """The peer has closed: an answer that says no length is whole with that."""
        framed = self._headers.keys() & {"content-length", "transfer-encoding"}
        if not self._status or framed:
            raise ConnectionError("the connection was closed before the answer was whole")

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """See httptools."""
        status = self._parser.get_status_code()
        if status < 200:  # it announces the real one
            self._headers.clear()
        else:
            self._status = status

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self._status:
            self._whole = True
            self.reusable = self._parser.should_keep_alive()
