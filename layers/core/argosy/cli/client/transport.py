"""HTTP for the command line: one request, one answer, credentials for the one address that they are meant for.

Proxies of the environment (HTTPS_PROXY, NO_PROXY) are used, but never for this machine itself. A redirect is never
followed with credentials: an answer that lies elsewhere is fetched without them (`fetch`).
"""

from __future__ import annotations

import http.client
import ipaddress
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from argosy.errors import InvalidObject, Unavailable
from argosy.services.views import MAX_WAIT

__all__ = ["Reply", "Signer", "Transport", "bearer", "is_this_machine"]

_SECONDS: Final = MAX_WAIT + 20

type Signer = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]
"""(method, URL, headers, body) → the headers that prove who asks, those given included."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """No redirect is followed: its answer is the answer."""


class _Https(urllib.request.HTTPSHandler):
    """Reads the machine's certificates when they are asked for, which takes longer than all else that a command does."""

    def __init__(self) -> None:
        urllib.request.AbstractHTTPHandler.__init__(self)

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(http.client.HTTPSConnection, request, context=ssl.create_default_context())


class Transport:
    """Requests to what lies below `base`."""

    def __init__(self, base: str, sign: Signer) -> None:
        """Raises InvalidObject when `base` is no address of an HTTP server."""
        self.base = _checked(base)
        self._sign = sign
        near = is_this_machine(urlsplit(self.base).hostname or "")
        handlers: list[Any] = [_Stay(), _Https()] + ([urllib.request.ProxyHandler({})] if near else [])
        self._opener = urllib.request.build_opener(*handlers)

    def send(self, method: str, path: str, query: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
        """Send one signed request. Raises Unavailable when there is no answer."""
        url = self.base + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
        signed = dict(self._sign(method, url, headers, body))
        return self._open(urllib.request.Request(url, body or None, signed, method=method))  # noqa: S310 - `base` is checked

    def fetch(self, url: str) -> Reply:
        """GET an address that the server named, without credentials. Raises Unavailable, InvalidObject."""
        if urlsplit(_checked(url)).scheme != "https" and urlsplit(self.base).scheme == "https":
            raise InvalidObject(f"{self.base} sends its answer over plain http ({urlsplit(url).hostname}); not fetched")
        return self._open(urllib.request.Request(url))  # noqa: S310 - http and https alone, see _checked

    def _open(self, request: urllib.request.Request) -> Reply:
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                return _reply(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as x:
            with x:
                return _reply(x.code, x.headers, x.read())
        except (OSError, http.client.HTTPException) as x:
            raise Unavailable(f"{self.base} cannot be reached: {_reason(x)}") from x


def bearer(base: str, token: str) -> Signer:
    """A signer that sends a token. Raises InvalidObject where it would cross a network in the clear."""
    parts = urlsplit(_checked(base))
    if parts.scheme != "https" and not is_this_machine(parts.hostname or ""):
        raise InvalidObject(f"{base}: a token is not sent over plain http to another machine; use https://")

    def sign(_: str, __: str, headers: Mapping[str, str], ___: bytes) -> Mapping[str, str]:
        return {**headers, "Authorization": f"Bearer {token}"}

    return sign


def is_this_machine(host: str) -> bool:
    """Whether a host of an address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or not url.isascii() or any(char.isspace() for char in url):
        raise InvalidObject(f"{url!r} is no address of a server, such as https://argosy.example.com")
    if parts.username or parts.password:
        raise InvalidObject(
            f"the address of {parts.hostname} holds a password; name the token's file with --token-file"
        )
    return url.rstrip("/")


def _reply(status: int, headers: Message, body: bytes) -> Reply:
    return Reply(status, {name.lower(): value for name, value in headers.items()}, body)


def _reason(problem: Exception) -> str:
    inner = getattr(problem, "reason", problem)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message})"
    if isinstance(inner, ConnectionRefusedError):
        return "nobody listens there; is it running?"
    if isinstance(inner, TimeoutError):
        return f"no answer within {_SECONDS:.0f} s"
    return str(getattr(inner, "strerror", "") or inner) or type(inner).__name__
