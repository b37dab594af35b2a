"""HTTP for chart repositories and registries, within limits and the egress rule.

In: an address, credentials and a `Budget`; out: answers. Called by `index` and `registry`. Every connection, also one that
a redirect leads to, goes to an address that was looked up and checked; what signs in goes to the host that it is for and
not along with a redirect to another. Proxies of the environment are not used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import urllib3

from argosy.adapters.http.checked import CheckedPools
from argosy.adapters.http.tls import context_of
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, Unavailable
from argosy.ports.repository import Credentials

__all__ = ["Answer", "Budget", "Limits", "Web", "basic", "host_of", "opened", "refused", "shown"]

_REDIRECTS: Final = 5
_CHUNK: Final = 1 << 18
_MOST_WORDS: Final = 600


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of an index, of a manifest (or a list of tags) and of a package, packed and unpacked; `files` in a package.

    `seconds` for one call and `quiet` seconds until the next bytes must come.
    """

    index: int = 64_000_000
    manifest: int = 4_000_000
    package: int = 32_000_000
    size: int = 100_000_000
    files: int = 20_000
    seconds: float = 90.0
    quiet: float = 20.0


class Budget:
    """The time of one call."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self._clock = limits, clock
        self._ends = clock() + limits.seconds

    def in_time(self) -> None:
        """Raises Unavailable when the time is over."""
        if self._clock() > self._ends:
            raise Unavailable(f"it did not answer within {self.limits.seconds:g} s")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `headers` are by small letters, `url` is where it came from in the end."""

    status: int
    headers: Mapping[str, str]
    data: bytes
    url: str
    reason: str = ""


class Web:
    """Sends GET."""

    def __init__(self, pools: CheckedPools, budget: Budget) -> None:
        self._pools, self.budget = pools, budget

    def get(self, url: str, headers: Mapping[str, str], most: int, *, raw: bool = False) -> Answer:
        """The answer, after redirects, with at most `most` bytes. Raises Unavailable, Denied, EvaluationError.

        `raw`: as it is sent; some servers call a package an encoding of its archive.
        """
        sent = dict(headers)
        for _ in range(_REDIRECTS + 1):
            answer = self._once(url, sent, most, raw=raw)
            where = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not where:
                return answer
            following = urljoin(url, where)
            if host_of(following) != host_of(url):
                sent.pop("Authorization", None)
            url = following
        raise EvaluationError(f"more than {_REDIRECTS} redirects")

    def _once(self, url: str, headers: Mapping[str, str], most: int, *, raw: bool) -> Answer:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise InvalidObject("not an address of HTTP", field="url")
        self.budget.in_time()
        response: Any = self._pools.request(
            "GET",
            url,
            headers=dict(headers),
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
        )
        try:
            data = bytearray()
            for part in response.stream(_CHUNK, decode_content=not raw):
                data += part
                self.budget.in_time()
                if len(data) > most:
                    raise EvaluationError(f"it sends more than {most} bytes")
            told = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, told, bytes(data), url, str(response.reason or ""))
        finally:
            response.close()
            response.release_conn()


@contextmanager
def opened(name: str, credentials: Credentials, limits: Limits) -> Iterator[Web]:
    """Connections for one call, closed at its end; errors are this project's and begin with `name`."""
    try:
        pools = CheckedPools(
            timeout=urllib3.Timeout(connect=limits.quiet, read=limits.quiet),
            ssl_context=context_of(credentials),
            headers={"User-Agent": "argosy"},
        )
        try:
            yield Web(pools, Budget(limits))
        finally:
            pools.clear()
    except (
        ArgosyError,
        urllib3.exceptions.HTTPError,
        OSError,
        ValueError,
    ) as x:  # urllib3 lets ValueErrors of names through
        found = _root(x)
        said = f"{name}: {_without(str(found) or type(found).__name__, credentials)[:_MOST_WORDS]}"
        if isinstance(found, ArgosyError):
            raise type(found)(said) from x
        raise Unavailable(said) from x


def refused(answer: Answer, credentials: Credentials) -> Denied:
    """What to raise for 401 and 403."""
    asked = "the credentials are refused" if credentials.secret else "it asks for credentials"
    return Denied(f"{asked} ({answer.status} {answer.reason})")


def basic(credentials: Credentials) -> dict[str, str]:
    """The header that signs in, none without a password."""
    if not credentials.password:
        return {}
    made: dict[str, str] = urllib3.make_headers(basic_auth=f"{credentials.username}:{credentials.password}")
    return {"Authorization": made["authorization"]}


def host_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials are for."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as x:
        raise InvalidObject(f"not an address: {x}", field="url") from None
    return parts.scheme, (parts.hostname or "").lower(), port


def shown(url: str) -> str:
    """An address without user, password, query and fragment."""
    before, separator, rest = url.partition("://")
    place = (rest if separator else before).partition("?")[0].partition("#")[0]
    host, slash, path = place.partition("/")
    host = host.rpartition("@")[2]
    return f"{before}://{host}{slash}{path}" if separator else f"{host}{slash}{path}"


def _root(x: BaseException) -> BaseException:
    if isinstance(x, ArgosyError):
        return x
    below = getattr(x, "reason", None)
    cause = below if isinstance(below, BaseException) else x.__cause__
    return x if cause is None else _root(cause)


def _without(text: str, credentials: Credentials) -> str:
    return text.replace(credentials.password, "***") if credentials.password else text
