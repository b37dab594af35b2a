"""Git's HTTP transport within limits: the egress rule on every connection, bytes and time counted as they come.

In: an address, credentials and a `Budget`; out: a dulwich client. Called by `repository`. Every connection, also one that a
redirect leads to, goes to an address that was looked up and checked here; credentials go to the host that they are for and
to no other. Proxies of the environment are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from dulwich.client import Urllib3HttpGitClient

from argosy.adapters.git.budget import Budget
from argosy.adapters.http.checked import CheckedPools
from argosy.adapters.http.tls import context_of
from argosy.ports.repository import Credentials

__all__ = ["client", "pools_for", "some_of"]

_REDIRECTS = 5
_CHUNK = 1 << 16


class _Pools(CheckedPools):
    """Connections and answers, all closed in the end: dulwich leaves refusals and the first of two answers open."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._answers: list[Any] = []

    def urlopen(self, *arguments: Any, **more: Any) -> Any:
        """See urllib3."""
        answer = super().urlopen(*arguments, **more)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        """Let go of everything."""
        for answer in self._answers:
            answer.close()
        self.clear()


class _Client(Urllib3HttpGitClient):
    """dulwich's client, which counts what it reads."""

    def __init__(self, url: str, budget: Budget, bearer: str, **more: Any) -> None:
        super().__init__(url, **more)
        self._budget, self._bearer, self._home = budget, bearer, _origin(url)

    def _http_request(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        data: bytes | Iterator[bytes] | None = None,
        raise_for_status: bool = True,
    ) -> tuple[Any, Callable[[int], bytes]]:
        given = headers
        if self._bearer and _origin(url) == self._home:  # a redirect to another host goes without it
            given = {**(headers or {}), "Authorization": f"Bearer {self._bearer}"}
        response, _ = super()._http_request(url, given, data, raise_for_status)

        def counted(size: int = -1) -> bytes:
            found = bytearray()
            while size < 0 or len(found) < size:
                more = some_of(response, size - len(found) if size > 0 else _CHUNK, self._budget)
                if not more:
                    break
                found += more
            return bytes(found)

        return response, counted


def some_of(response: Any, most: int, budget: Budget) -> bytes:
    """What has come of an answer, nothing at its end. Who waited for all of it could wait for ever, byte by byte."""
    budget.in_time()
    found: bytes = response.read1(most) or b""
    budget.received(len(found))
    return found


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


@contextmanager
def pools_for(credentials: Credentials, budget: Budget) -> Iterator[CheckedPools]:
    """Connections for one call; they end with the `with`."""
    own = bool(credentials.ca or credentials.insecure or credentials.client_key)
    pools = _Pools(
        timeout=urllib3.Timeout(connect=budget.limits.quiet, read=budget.limits.quiet),
        retries=urllib3.Retry(total=_REDIRECTS, connect=0, read=0, status=0, other=0, redirect=_REDIRECTS),
        headers={"User-agent": "git/argosy"},  # hosts serve Git's protocol to what calls itself git
        **({"ssl_context": context_of(credentials)} if own else {}),
    )
    try:
        yield pools
    finally:
        pools.close()


@contextmanager
def client(url: str, credentials: Credentials, budget: Budget) -> Iterator[Urllib3HttpGitClient]:
    """A client for the repository at `url`; its connections end with the `with`."""
    known = {"username": credentials.username, "password": credentials.password} if credentials.password else {}
    with pools_for(credentials, budget) as pools:
        yield _Client(url, budget, credentials.bearer, pool_manager=pools, **known)
