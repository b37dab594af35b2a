"""HTTP to names inside a cluster: what the agent does for the hub, where the hub cannot reach.

In: a request as `http` work has it (method, url, headers, body, timeout). Out: status, headers and text. Only services of
namespaces that both the hub and the agent's own settings name are called (`http://name.namespace.svc…`), no addresses,
and no redirect is followed: whoever may send work must not get at what else the agent's network reaches.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from argosy.errors import Denied, Unavailable

__all__ = ["InsideHttp", "service_of"]

_NAME: Final = re.compile(r"(?P<name>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(\.cluster\.local\.?)?")
_MOST_BYTES: Final = 1_000_000
_LONGEST: Final = 60.0
_PIECE: Final = 65_536


@lru_cache(maxsize=4096)  # a trigger calls the same few again and again
def service_of(url: str) -> tuple[str, str] | None:
    """(name, namespace) of the service that a URL names, None when it names none.

    Read by the library that makes the call: what another one took for the host could be something else to it.
    """
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parts = parse_url(url)
    except LocationParseError:
        return None
    plain = parts.scheme in ("http", "https") and parts.auth is None
    found = _NAME.fullmatch(parts.host or "") if plain else None
    return (found["name"], found["namespace"]) if found else None


class InsideHttp:
    """Calls services of `allowed` namespaces ("*" = all)."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = allowed

    def call(self, body: Mapping[str, Any], namespaces: tuple[str, ...]) -> dict[str, Any]:
        """See `agent.work.Http`."""
        from urllib3 import PoolManager, Timeout
        from urllib3.exceptions import HTTPError

        url = str(body.get("url", ""))
        service = service_of(url)
        if service is None:
            raise Denied(f"{url!r:.200} names no service of this cluster: http://NAME.NAMESPACE.svc")
        for granted, whose in ((self._allowed, "this agent's --http-namespace"), (namespaces, "the hub")):
            if service[1] not in granted and "*" not in granted:
                raise Denied(f"services of namespace {service[1]} are not to be called: {whose} does not name it")
        seconds = min(float(body.get("timeout") or _LONGEST), _LONGEST)
        until = time.monotonic() + seconds
        with PoolManager(retries=False, timeout=Timeout(connect=3.0, read=seconds)) as pool:
            try:
                response = pool.request(
                    str(body.get("method") or "GET"),
                    url,
                    headers=dict(body.get("headers") or {}),
                    body=body["body"].encode() if body.get("body") is not None else None,
                    redirect=False,
                    preload_content=False,
                )
                text = b""
                while len(text) <= _MOST_BYTES and (piece := response.read1(_PIECE)):
                    text += piece
                    if time.monotonic() > until:
                        raise Unavailable(f"{url}: the answer has not ended within {seconds:g} s")
                response.release_conn()
            except (HTTPError, OSError) as x:
                raise Unavailable(f"{url}: {x}") from x
        if len(text) > _MOST_BYTES:
            raise Unavailable(f"{url}: the answer is larger than {_MOST_BYTES} bytes")
        return {"status": response.status, "headers": dict(response.headers), "body": text.decode(errors="replace")}
