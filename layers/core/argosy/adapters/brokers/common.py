"""What connectors share: addresses without what they hold of credentials, TLS, and taking all that waits in a queue."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from argosy.adapters.http.egress import check_address
from argosy.errors import InvalidObject, Unavailable
from argosy.ports.brokers import Delivery, SecretOf
from argosy.resources.sources.common import Tls

__all__ = ["MOST", "address", "check_host", "drain", "shown", "tls_context"]

MOST: Final = 100
"""As many messages as are made durable at once."""


def shown(url: str) -> str:
    """An address as statuses may show it: without user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def address(text: str, port: int) -> tuple[str, int]:
    """Host and port of `host`, `host:port` or `[v6]:port`; `port` is for one that names none. Raises InvalidObject."""
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        return parts.hostname or "", parts.port or port
    except ValueError as x:
        raise InvalidObject(f"{shown(text)!r} is no address: {x}") from None


async def check_host(host: str, port: int) -> None:
    """Look a host up. Raises Unavailable when it has no address, Denied for one that nothing of ours may connect to."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port)
    except OSError as x:
        raise Unavailable(f"{host}: {x.strerror or x}") from x
    for *_, place in found:
        check_address(str(place[0]))


def tls_context(tls: Tls | None, secret: SecretOf) -> ssl.SSLContext | None:
    """What `tls` of an entry says, None when it has none. Raises InvalidObject for certificates that cannot be read."""
    if tls is None:
        return None
    try:
        context = ssl.create_default_context(cadata=secret(tls.ca_cert_secret) or None)
        if tls.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if tls.client_cert_secret is not None:
            with tempfile.TemporaryDirectory() as folder:
                chain = Path(folder) / "chain.pem"
                chain.touch(mode=0o600)
                chain.write_text(secret(tls.client_cert_secret).rstrip() + "\n" + secret(tls.client_key_secret))
                context.load_cert_chain(chain)
    except (ssl.SSLError, ValueError) as x:
        raise InvalidObject(f"the certificates of tls cannot be used: {type(x).__name__}") from x
    return context


async def drain(queue: asyncio.Queue[Delivery | Exception]) -> Sequence[Delivery]:
    """What waits in a queue, `MOST` at most, once it is something; raises an exception that stands first."""
    first = await queue.get()
    if isinstance(first, Exception):
        raise first
    taken = [first]
    while len(taken) < MOST and not queue.empty():
        following = queue.get_nowait()
        if isinstance(following, Exception):
            queue.put_nowait(following)  # nothing comes after it
            break
        taken.append(following)
    return taken
