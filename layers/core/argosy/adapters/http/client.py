"""HTTP client of the triggers: kept connections, redirects as Go follows them, the egress rule on every connection.

Small on purpose, on httptools' parser: measured against aiohttp it costs a fifth of the processor time of a request,
which is what the throughput of `argosy up` hangs on (docs/decisions/0002).
"""

from __future__ import annotations

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote, urljoin, urlsplit

from argosy.adapters.http.connection import Connection, Response, Stale, connect
from argosy.adapters.http.egress import check_address
from argosy.adapters.http.pools import Pool, here
from argosy.errors import Permanent

__all__ = ["HttpClient", "Target", "parse_url"]

_MAX_REDIRECTS = 10
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SENSITIVE = frozenset({"authorization", "cookie", "www-authenticate"})
# Said by whoever sends the request, not by a manifest: Go drops or replaces them too.
_OURS = frozenset({"connection", "content-length", "host", "trailer", "transfer-encoding"})


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


class HttpClient:
    """Sends requests; connections belong to the event loop that made them."""

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        tls: ssl.SSLContext | None = None,
        host: str = "",
    ) -> int:
        """The status of the final answer. `tls` replaces the default settings for https, `host` the Host header.

        Raises Permanent for a bad URL or header, Denied for an address that the egress rule refuses, and OSError or
        httptools.HttpParserError for everything that goes wrong on the way.
        """
        first = target = parse_url(url)
        for _ in range(_MAX_REDIRECTS + 1):
            response = await _once(target, _request(method, target, headers, body, host), tls)
            if response.status not in (301, 302, 303, 307, 308) or not response.location:
                return response.status
            if response.status in (301, 302, 303) and method not in ("GET", "HEAD"):
                method, body = "GET", None
            url, absolute = _follow(url, response.location)
            target = parse_url(url)
            if target.host != first.host:
                headers = {name: value for name, value in headers.items() if name.lower() not in _SENSITIVE}
            if absolute or target.authority != first.authority:
                host = ""  # as in Go: the redirect names the host itself
        raise OSError(f"more than {_MAX_REDIRECTS} redirects")


def _follow(url: str, location: str) -> tuple[str, bool]:
    """Where a redirect leads, and whether it says so without regard to where it came from."""
    try:
        return urljoin(url, location), bool(urlsplit(location).scheme)
    except ValueError as x:
        raise Permanent(f"the redirect to {location!r} leads to no URL: {x}") from None


async def _once(target: Target, request: bytes, tls: ssl.SSLContext | None) -> Response:
    pools = here()
    pool = pools.of((target.secure, target.host, target.port, tls))
    pool.users += 1
    try:
        async with pool.slots:
            connection, response = await _exchange(pool, target, request, tls)
            if connection.reusable:
                pools.keep(pool, connection)
            return response
    finally:
        pool.users -= 1


async def _exchange(
    pool: Pool, target: Target, request: bytes, tls: ssl.SSLContext | None
) -> tuple[Connection, Response]:
    while pool.idle:
        connection = pool.idle.pop()
        try:
            return connection, await connection.exchange(request)
        except Stale:
            continue  # closed while it lay idle; the idempotency key makes sending again harmless
    connection = await _dial(target, tls)
    return connection, await connection.exchange(request)


async def _dial(target: Target, tls: ssl.SSLContext | None) -> Connection:
    pools = here()
    found = await pools.loop.getaddrinfo(target.host, target.port, type=1)
    context = (tls or _default_tls()) if target.secure else None
    problem: OSError | None = None
    for info in found:
        address = info[4]
        check_address(str(address[0]))
        slot = await pools.claim()
        try:
            return await connect((str(address[0]), int(address[1])), target.host, context, slot.release)
        except OSError as x:
            slot.release()
            problem = x
        except BaseException:
            slot.release()
            raise
    raise problem or OSError(f"{target.host} has no address")


@lru_cache(maxsize=1)
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@lru_cache(maxsize=1024)
def _is_token(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None


def _request(method: str, target: Target, headers: Mapping[str, str], body: bytes | None, host: str) -> bytes:
    if not _TOKEN.fullmatch(method) or not all(_is_token(name) for name in headers):
        raise Permanent("the method or a header's name holds a character that HTTP does not allow there")
    lines = [f"{method} {target.path} HTTP/1.1", f"host: {host or target.authority}"]
    agent = "user-agent: argosy"
    if target.user and not any(name.lower() == "authorization" for name in headers):
        lines.append("Authorization: Basic " + base64.b64encode(target.user.encode()).decode())
    for name, value in headers.items():
        lower = name.lower()
        if lower in _OURS:
            continue
        if lower == "user-agent":
            agent = ""
        lines.append(f"{name}: {value}")
    if agent:
        lines.append(agent)
    lines.append(f"content-length: {len(body) if body else 0}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise Permanent("a header of the request holds a line break")
    try:
        return head.encode() + b"\r\n\r\n" + (body or b"")
    except UnicodeEncodeError:
        raise Permanent("a header of the request holds a character that UTF-8 cannot carry") from None
