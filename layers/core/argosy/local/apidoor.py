"""`/api/v1` of the embedded runtime: what API Gateway is on AWS, before the same function.

In: requests of the API port whose path begins with `/api`. Out: the answers of `functions/api`. Only this machine is
answered, whatever address the port is opened on: the token must not travel where others could read it along. Who sends no
good token is refused with the body unread. The function works in threads, so that a request which waits for a
change keeps no webhook waiting; it is loaded with the first request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from argosy.errors import ArgosyError, Denied
from argosy.local.functions import Context
from argosy.local.functions import handler as function_named
from argosy.local.gateway import answer_with, proxy_event
from argosy.local.httpserver import Handler, Reply, Request
from argosy.ports.access import Authoriser, Caller
from argosy.problems import problem_of

__all__ = ["ApiDoor", "Branch", "is_near"]

_log = logging.getLogger("argosy.local")
_MAX_BODY: Final = 6 * 1024 * 1024  # what Lambda takes
_THREADS: Final = 64  # most of them wait for a change, twenty seconds at most
_JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}
_ELSEWHERE: Final = Denied(
    "the API of `argosy up` answers on this machine only; use an SSH tunnel, or deploy a stack (docs/guide/aws.md)"
)


class ApiDoor:
    """Calls the API function; `changed` is called, from any thread, after requests that may have changed something."""

    def __init__(self, authoriser: Authoriser, changed: Callable[[], None]) -> None:
        self._authoriser, self._changed = authoriser, changed
        self._threads = ThreadPoolExecutor(_THREADS, "api")
        self._loop = asyncio.get_running_loop()

    def limit(self, request: Request) -> int:
        """See `Handler.limit`: of a request that will be refused the body is not kept."""
        if not is_near(request.client):
            return -1
        try:
            self._authoriser.actor(Caller(dict(request.headers)))
        except ArgosyError:
            return -1
        return _MAX_BODY

    def serve(self, request: Request, reply: Reply) -> None:
        """See `Handler.serve`."""
        if not is_near(request.client):
            reply(403, _JSON, orjson.dumps({"error": problem_of(_ELSEWHERE)}))
            return

        def answer() -> None:
            result = self._call(request)
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(answer_with, result, reply)

        self._threads.submit(answer)

    def close(self) -> None:
        """Take no more requests; those that run are answered if they end in time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _call(self, request: Request) -> dict[str, Any]:
        parameters = {"proxy": request.path.removeprefix("/api/")}
        event = proxy_event(request, "/api/{proxy+}", request.path, parameters)
        try:
            result: dict[str, Any] = function_named("api")(event, Context("api"))
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                self._changed()
        except Exception as x:  # noqa: BLE001 - as API Gateway, whatever the function raises is a 502
            _log.error("function api failed: %r", x)
            return {"statusCode": 502, "body": orjson.dumps({"message": "Internal server error"}).decode()}
        return result


class Branch:
    """What the API port asks: the API for what is below `/api`, `other` for everything else."""

    def __init__(self, api: Handler, other: Handler) -> None:
        self._api, self._other = api, other

    def limit(self, request: Request) -> int:
        """See `Handler.limit`."""
        return self._for(request).limit(request)

    def serve(self, request: Request, reply: Reply) -> None:
        """See `Handler.serve`."""
        self._for(request).serve(request, reply)

    def _for(self, request: Request) -> Handler:
        return self._api if request.path == "/api" or request.path.startswith("/api/") else self._other


def is_near(client: str) -> bool:
    """Whether an IP address is this machine's own loopback."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
