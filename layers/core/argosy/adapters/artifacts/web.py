"""One GET within the egress rule: few redirects, a time, and no more bytes than an object can have."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Permanent, Unavailable

__all__ = ["MOST_BYTES", "Answer", "get", "shown"]

MOST_BYTES: Final = 3 << 20
"""A cluster takes no larger request."""

_SECONDS: Final = 30.0
_REDIRECTS: Final = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answers; `headers` by their names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def checked(self, what: str) -> bytes:
        """The body of a 200. Raises NotFound, Denied, Permanent or Unavailable for any other."""
        if self.status == 200:
            return self.body
        later = self.status >= 500 or self.status in (408, 429)
        problems: Mapping[int, type[ArgosyError]] = {401: Denied, 403: Denied, 404: NotFound}
        raise problems.get(self.status, Unavailable if later else Permanent)(f"{what}: answered {self.status}")


def get(
    url: str, context: ssl.SSLContext | None = None, headers: Mapping[str, str] | None = None, *, redirect: bool = True
) -> Answer:
    """What a URL answers. Raises Denied (the egress rule), EvaluationError (too large), Unavailable."""
    from urllib3 import Retry, Timeout
    from urllib3.exceptions import HTTPError, LocationParseError

    from argosy.adapters.http.checked import CheckedPools

    retries = Retry(None, connect=0, read=0, status=0, other=0, redirect=_REDIRECTS)
    more = {"ssl_context": context} if context is not None else {}
    with CheckedPools(timeout=Timeout(total=_SECONDS), **more) as pools:
        try:
            answer = pools.request(
                "GET", url, headers=dict(headers or {}), preload_content=False, retries=retries, redirect=redirect
            )
            body = answer.read(MOST_BYTES + 1)
            answer.close()
        except LocationParseError as x:
            raise Permanent(f"{shown(url)} is no URL") from x
        except (HTTPError, OSError) as x:
            raise Unavailable(f"{shown(url)}: {x}") from x
    if len(body) > MOST_BYTES:
        raise EvaluationError(f"{shown(url)}: more than {MOST_BYTES} bytes")
    return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, body)


def shown(url: str) -> str:
    """A URL for messages: without user, password and query."""
    before, separator, rest = url.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{before}{separator}{host.rpartition('@')[2]}{slash}{path}"
