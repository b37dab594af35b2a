"""HTTP client of the triggers: kept connections, redirects as Go follows them, the egress rule on every connection.

Small on purpose, on httptools' parser: measured against aiohttp it costs a fifth of the processor time of a request,
which is what the throughput of `argosy up` hangs on (docs/decisions/0002).
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

from argosy.adapters.http.connection import Connection, Response, Stale, connect
from argosy.adapters.http.egress import check_address
from argosy.errors import Permanent

__all__ = ["HttpClient", "Target", "parse_url"]

_PER_TARGET = 64
_MAX_REDIRECTS = 10
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SENSITIVE = frozenset({"authorization", "cookie", "www-authenticate"})


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `authority` is the Host header's value, `path` holds the query, `user` is from the URL."""

    secure: bool
    host: str
    port: int
    authority: str
    path: str
    user: str = ""

    @property
    def shown(self) -> str:
        """The URL for messages: without user and query, which may hold secrets."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.path.partition('?')[0]}"


@lru_cache(maxsize=4096)
def parse_url(text: str) -> Target:
    """Take a URL apart. Raises Permanent for what a trigger cannot call."""
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (
            (parts.hostname or "").encode("idna").decode()
            if not (parts.hostname or "").isascii()
            else parts.hostname or ""
        )
    except (ValueError, UnicodeError) as x:
        raise Permanent(f"{text!r} is not a URL: {x}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise Permanent(f"{text!r} is not a URL that a trigger can call: http:// or https:// and a host")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    shown_host = f"[{host}]" if ":" in host else host
    secure = parts.scheme == "https"
    user = ""
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    authority = shown_host if port is None else f"{shown_host}:{port}"
    return Target(secure, host, port or (443 if secure else 80), authority, path, user)


@dataclass(slots=True)
class _Pool:
    idle: deque[Connection] = field(default_factory=deque)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PER_TARGET))


_Key = tuple[bool, str, int, int]


class _Local(threading.local):
    loop: asyncio.AbstractEventLoop | None = None
    pools: dict[_Key, _Pool]


class HttpClient:
    """Sends requests; connections belong to the event loop that made them."""

    def __init__(self) -> None:
        self._local = _Local()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, tls: ssl.SSLContext | None = None
    ) -> int:
        """The status of the final answer. `tls` replaces the default settings for https.

        Raises Permanent for a bad URL or header, Denied for an address that the egress rule refuses, and OSError or
        httptools.HttpParserError for everything that goes wrong on the way.
        """
        first = target = parse_url(url)
        for _ in range(_MAX_REDIRECTS + 1):
            response = await self._once(target, _request(method, target, headers, body), tls)
            if response.status not in (301, 302, 303, 307, 308) or not response.location:
                return response.status
            if response.status in (301, 302, 303) and method not in ("GET", "HEAD"):
                method, body = "GET", None
            url = urljoin(url, response.location)
            target = parse_url(url)
            if target.host != first.host:
                headers = {name: value for name, value in headers.items() if name.lower() not in _SENSITIVE}
        raise OSError(f"more than {_MAX_REDIRECTS} redirects")

    async def _once(self, target: Target, request: bytes, tls: ssl.SSLContext | None) -> Response:
        pool = self._pool(target, tls)
        async with pool.slots:
            while pool.idle:
                connection = pool.idle.pop()
                try:
                    response = await connection.exchange(request)
                except Stale:
                    continue  # closed while it lay idle; the idempotency key makes sending again harmless
                return _kept(pool, connection, response)
            connection = await _dial(target, tls)
            response = await connection.exchange(request)
            return _kept(pool, connection, response)

    def _pool(self, target: Target, tls: ssl.SSLContext | None) -> _Pool:
        loop, key = asyncio.get_running_loop(), (target.secure, target.host, target.port, id(tls))
        if self._local.loop is not loop:
            self._local.loop, self._local.pools = loop, {}
        pool = self._local.pools.get(key)
        if pool is None:
            pool = self._local.pools[key] = _Pool()
        return pool


def _kept(pool: _Pool, connection: Connection, response: Response) -> Response:
    if connection.reusable:
        pool.idle.append(connection)
    return response


async def _dial(target: Target, tls: ssl.SSLContext | None) -> Connection:
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=1)
    context = (tls or _default_tls()) if target.secure else None
    problem: OSError | None = None
    for info in found:
        address = info[4]
        check_address(str(address[0]))
        try:
            return await connect((str(address[0]), int(address[1])), target.host, context)
        except OSError as x:
            problem = x
    raise problem or OSError(f"{target.host} has no address")


@lru_cache(maxsize=1)
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1024)
def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None


def _request(method: str, target: Target, headers: Mapping[str, str], body: bytes | None) -> bytes:
    if not _TOKEN.fullmatch(method) or not all(_is_token(name) for name in headers):
        raise Permanent("the method or a header's name holds a character that HTTP does not allow there")
    sent = {"host": target.authority, "user-agent": "argosy"}
    lines = [f"{method} {target.path} HTTP/1.1"]
    if target.user and not any(name.lower() == "authorization" for name in headers):
        lines.append("Authorization: Basic " + base64.b64encode(target.user.encode()).decode())
    for name, value in headers.items():
        sent.pop(name.lower(), None)
        lines.append(f"{name}: {value}")
    lines.extend(f"{name}: {value}" for name, value in sent.items())
    lines.append(f"content-length: {len(body) if body else 0}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise Permanent("a header of the request holds a line break")
    try:
        return head.encode("latin-1") + b"\r\n\r\n" + (body or b"")
    except UnicodeEncodeError:
        raise Permanent("a header of the request holds a character that HTTP cannot carry") from None
