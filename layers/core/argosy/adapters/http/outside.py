"""The Outside port on urllib3 and the cryptography package.

What a request waits for is fetched within the egress rule, follows no redirect, and is small. The gateway of `argosy up`
answers on an event loop and may not wait: it takes `Later`, which fetches in the background and says Unavailable until it
has; the sender sends again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from argosy.errors import ArgosyError, Permanent, Retryable, Unavailable

__all__ = ["HttpOutside", "Later", "fetch"]

Fetch = Callable[[str], bytes]

_MOST_BYTES: Final = 64 * 1024
_CONNECT_SECONDS: Final = 2.0
_READ_SECONDS: Final = 3.0
_KEPT: Final = 64
_FRESH_SECONDS: Final = 3600.0
_AT_ONCE: Final = 4


def fetch(url: str) -> bytes:
    """The body at an https URL. Raises Permanent when it is answered 3xx or 4xx or is too large, Denied, Unavailable."""
    from urllib3 import Timeout
    from urllib3.exceptions import HTTPError

    from argosy.adapters.http.checked import CheckedPools

    seconds = Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    with CheckedPools(retries=False, timeout=seconds) as pools:
        try:
            response = pools.request("GET", url, redirect=False, preload_content=False)
            body: bytes = response.read(_MOST_BYTES + 1)
            status = response.status
            response.close()
        except (HTTPError, OSError) as x:
            raise Unavailable(f"{_shown(url)}: {x}") from x
    if status >= 500:
        raise Unavailable(f"{_shown(url)}: answered {status}")
    if status >= 300 or len(body) > _MOST_BYTES:
        raise Permanent(f"{_shown(url)}: answered {status}, {len(body)} bytes")
    return body


@dataclass(frozen=True, slots=True)
class _Found:
    at: float
    body: bytes = b""
    problem: ArgosyError | None = None
    reading: bool = False


class Later:
    """Fetches in the background; what was fetched is kept for an hour, what failed for good as well."""

    def __init__(self, inner: Fetch = fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner, self._clock = inner, clock
        self._found: dict[str, _Found] = {}
        self._mutex = threading.Lock()

    def __call__(self, url: str) -> bytes:
        """What is known of the URL. Raises what fetching it raised, Unavailable while it is fetched."""
        with self._mutex:
            found = self._found.get(url)
            if found is None or (not found.reading and self._clock() - found.at > _FRESH_SECONDS):
                if sum(one.reading for one in self._found.values()) < _AT_ONCE:
                    self._keep(url, _Found(self._clock(), reading=True))
                    threading.Thread(target=self._read, args=(url,), name="outside", daemon=True).start()
                found = None
            if found is not None and isinstance(found.problem, Retryable):
                del self._found[url]  # the next one asks again
        if found is None or found.reading:
            raise Unavailable(f"{_shown(url)} is being fetched")
        if found.problem is not None:
            raise found.problem
        return found.body

    def _read(self, url: str) -> None:
        body, problem = b"", None
        try:
            body = self._inner(url)
        except ArgosyError as x:
            problem = x
        with self._mutex:
            self._keep(url, _Found(self._clock(), body, problem))

    def _keep(self, url: str, found: _Found) -> None:
        self._found.pop(url, None)
        self._found[url] = found
        while len(self._found) > _KEPT:
            del self._found[next(iter(self._found))]


class HttpOutside:
    """Asks by `get`; certificates are kept, they never change under their URL."""

    def __init__(self, get: Fetch = fetch) -> None:
        self._get = get
        self._certificates: dict[str, bytes] = {}

    def visit(self, url: str) -> bool:
        """See `Outside.visit`."""
        self._get(url)
        return True

    def vouches(self, url: str, text: bytes, signature: bytes, digest: str) -> bool:
        """See `Outside.vouches`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.x509 import load_pem_x509_certificate

        # SHA-1 is what SNS signs with unless a topic says otherwise.
        algorithm = hashes.SHA256() if digest == "sha256" else hashes.SHA1()  # noqa: S303
        try:
            key = load_pem_x509_certificate(self._certificate(url)).public_key()
            if not isinstance(key, RSAPublicKey):
                return False
            key.verify(signature, text, PKCS1v15(), algorithm)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _certificate(self, url: str) -> bytes:
        found = self._certificates.get(url)
        if found is None:
            found = self._get(url)
            if len(self._certificates) >= _KEPT:
                self._certificates.clear()
            self._certificates[url] = found
        return found


def _shown(url: str) -> str:
    """A URL for messages: without its query, which may hold a token."""
    return url.partition("?")[0]
