"""Downloads that give up: seconds to connect, a budget for the whole, a cap on the size.

In: an address of ours; out: its bytes, handed on as they come. Called by the sources of binaries, where a person waits
behind what may be a closed firewall.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from argosy.errors import Unavailable

__all__ = ["CHUNK", "Limits", "fetch"]

CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds until a connection must stand or the next bytes must come, seconds for everything, bytes of one file."""

    connect: float = 3.0
    total: float = 300.0
    size: int = 600 << 20


def fetch(url: str, end: float, cap: int, take: Callable[[bytes], object], connect: float) -> None:
    """Hand the bytes at `url` to `take`, until `end` on the monotonic clock. Raises Unavailable with the reason in one line.

    `url` is one of our constants or begins with one.
    """
    try:
        _resolve(url, connect)
        with urllib.request.urlopen(url, timeout=connect) as answer:  # noqa: S310 - https constants, see above
            _pump(answer, end, cap, take)
            if answer.length:  # what Content-Length promised and did not come
                raise Unavailable(f"{url} ended {answer.length} bytes too early")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{url}: {getattr(error, 'reason', None) or error or type(error).__name__}") from error


def _pump(answer: http.client.HTTPResponse, end: float, cap: int, take: Callable[[bytes], object]) -> None:
    size = 0
    while chunk := answer.read1(CHUNK):
        size += len(chunk)
        if size > cap:
            raise OSError(f"more than {cap} bytes")
        if time.monotonic() > end:
            raise OSError("too slow: the time limit is over")
        take(chunk)


def _resolve(url: str, seconds: float) -> None:
    """Fail after `seconds` when the name server does not answer.

    The resolver's own patience (tens of seconds) cannot be set.
    """
    host = urlsplit(url).hostname or ""
    if urllib.request.getproxies().get(urlsplit(url).scheme) and not urllib.request.proxy_bypass(host):
        return  # the proxy resolves
    failure: list[OSError] = []

    def look() -> None:
        try:
            socket.getaddrinfo(host, None)
        except OSError as error:
            failure.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no address for {host} within {seconds:g} s")
    if failure:
        raise failure[0]
