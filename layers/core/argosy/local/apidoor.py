"""`/api` of the embedded runtime: what API Gateway is on AWS, before the same functions.

In: requests of the API port whose path begins with `/api`. Out: the answers of `functions/api`, and for `/api/webhook` those
of `functions/git_webhook`. Of the API only this machine is answered, whatever address the port is opened on: the token must
not travel where others could read it along. Who sends no good token is refused with the body unread. Git hosts may be
anywhere: their deliveries are signed. The functions work in threads, so that a request which waits for a change keeps no
webhook waiting; they are loaded with the first request.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from argosy.errors import ArgosyError, Denied
from argosy.gitops.webhooks.delivery import MOST_BYTES
from argosy.local.functions import Context
from argosy.local.functions import handler as function_named
from argosy.local.gateway import answer_with, proxy_event
from argosy.local.httpserver import Handler, Reply, Request
from argosy.ports.access import Authoriser, Caller
from argosy.problems import problem_of

__all__ = ["ApiDoor", "Branch", "GitDoor", "is_near"]

_log = logging.getLogger("argosy.local")
_MAX_BODY: Final = 6 * 1024 * 1024  # what Lambda takes
_DELIVERIES: Final = 2
GIT_PATH: Final = "/api/webhook"
_THREADS: Final = 64  # most of them wait for a change, twenty seconds at most
_JSON: Final = {"content-type": "application/json", "cache-control": "no-store"}
_ELSEWHERE: Final = Denied(
    "the API of `argosy up` answers on this machine only; use an SSH tunnel, or deploy a stack (docs/guide/aws.md)"
)


class _Calls:
    """Calls of a function in threads; `changed` is called, from any thread, after those that may have changed something."""

    def __init__(self, function: str, resource: str, threads: int, changed: Callable[[], None]) -> None:
        self._function, self._resource, self._changed = function, resource, changed
        self._threads = ThreadPoolExecutor(threads, function)
        self._loop = asyncio.get_running_loop()

    def submit(self, request: Request, reply: Reply, parameters: Mapping[str, str]) -> None:
        """Answer a request when the function has."""

        def answer() -> None:
            result = self._call(request, parameters)
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(answer_with, result, reply)

        self._threads.submit(answer)

    def close(self) -> None:
        """Take no more requests; those that run are answered if they end in time."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _call(self, request: Request, parameters: Mapping[str, str]) -> dict[str, Any]:
        event = proxy_event(request, self._resource, request.path, parameters)
        try:
            result: dict[str, Any] = function_named(self._function)(event, Context(self._function))
            if request.method not in ("GET", "HEAD", "OPTIONS"):
                self._changed()
        except Exception as x:  # noqa: BLE001 - as API Gateway, whatever the function raises is a 502
            _log.error("function %s failed: %r", self._function, x)
            return {"statusCode": 502, "body": orjson.dumps({"message": "Internal server error"}).decode()}
        return result


class GitDoor:
    """Deliveries of Git hosts, from wherever they come; a body that no host would send is not read."""

    def __init__(self) -> None:
        self._calls = _Calls("git_webhook", GIT_PATH, _DELIVERIES, lambda: None)

    def limit(self, request: Request) -> int:
        """See `Handler.limit`."""
        return MOST_BYTES if request.method == "POST" else -1

    def serve(self, request: Request, reply: Reply) -> None:
        """See `Handler.serve`."""
        if request.method == "POST":
            self._calls.submit(request, reply, {})
        else:
            reply(405, {"content-type": "text/plain", "allow": "POST"}, b"deliveries are sent by POST")

    def close(self) -> None:
        """See `ApiDoor.close`."""
        self._calls.close()


class ApiDoor:
    """Calls the API function; `changed` is called, from any thread, after requests that may have changed something."""

    def __init__(self, authoriser: Authoriser, changed: Callable[[], None]) -> None:
        self._authoriser = authoriser
        self._calls = _Calls("api", "/api/{proxy+}", _THREADS, changed)

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
        self._calls.submit(request, reply, {"proxy": request.path.removeprefix("/api/")})

    def close(self) -> None:
        """Take no more requests; those that run are answered if they end in time."""
        self._calls.close()


class Branch:
    """What the API port asks: `git` for deliveries, the API for what else is below `/api`, `other` for everything else."""

    def __init__(self, api: Handler, git: Handler, other: Handler) -> None:
        self._api, self._git, self._other = api, git, other

    def limit(self, request: Request) -> int:
        """See `Handler.limit`."""
        return self._for(request).limit(request)

    def serve(self, request: Request, reply: Reply) -> None:
        """See `Handler.serve`."""
        self._for(request).serve(request, reply)

    def _for(self, request: Request) -> Handler:
        if request.path == GIT_PATH:
            return self._git
        return self._api if request.path == "/api" or request.path.startswith("/api/") else self._other


def is_near(client: str) -> bool:
    """Whether an IP address is this machine's own loopback."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
