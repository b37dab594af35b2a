"""The HTTP side of the embedded runtime: what API Gateway is on AWS.

Each request becomes an API Gateway proxy event (payload v1) for the webhook function; the answer goes out once what the
function sent is committed. Sizes are checked before a body is read. Nothing here knows event sources: a router turns a
path into the function's route.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.functions import Context
from argosy.local.functions import Handler as Function
from argosy.local.httpserver import Reply, Request

__all__ = ["Door", "Gateway", "Route", "Router", "answer_with", "proxy_event"]

_log = logging.getLogger("argosy.local")
_RESOURCE = "/hooks/{namespace}/{source}/{proxy+}"
_BARE_RESOURCE = "/hooks/{namespace}/{source}"
_TEXT = {"content-type": "text/plain"}


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads: event source, the rest of the path, the greatest body in bytes, and the port it came in on."""

    namespace: str
    source: str
    rest: str
    limit: int
    port: str = ""


Router = Callable[[str, str], Route | None]
"""(method, path) → route, None for 404."""


class Gateway:
    """Calls the webhook function for requests and commits what it sends; `sent` is called after each group of commits."""

    def __init__(self, queue: SqliteQueue, function: Function, sent: Callable[[], None]) -> None:
        self._queue, self._function = queue, function
        queue.committed = sent
        self._context = Context("webhook")
        self._loop = asyncio.get_running_loop()

    def serve(self, route: Route | None, request: Request, reply: Reply) -> None:
        """Answer one request that was routed, once its event is on disk."""
        if route is None:
            reply(404, _TEXT, b"nothing is served here")
            return
        with self._queue.invocation() as unit:
            try:
                result = self._function(_event(route, request), self._context)
            except Exception as x:  # noqa: BLE001 - as API Gateway, whatever the function raises is a 502
                _log.error("function webhook failed: %r", x)
                reply(502, _TEXT, b"the function failed")
                return
        if unit.empty:
            answer_with(result, reply)
            return

        def committed(problem: Exception | None) -> None:
            if problem is None:
                answer_with(result, reply)
            else:
                _log.error("event not stored: %s", problem)
                reply(503, _TEXT, b"the event could not be stored, send it again")

        self._queue.commit_soon(unit, self._loop, committed)


class Door:
    """What an HTTP server asks: the gateway behind one router."""

    def __init__(self, gateway: Gateway, router: Router) -> None:
        self._gateway, self._router = gateway, router

    def limit(self, request: Request) -> int:
        """See `Handler.limit`."""
        route = self._router(request.method, request.path)
        return route.limit if route is not None else -1

    def serve(self, request: Request, reply: Reply) -> None:
        """See `Handler.serve`."""
        self._gateway.serve(self._router(request.method, request.path), request, reply)


def _event(route: Route, request: Request) -> dict[str, Any]:
    path = f"/hooks/{route.namespace}/{route.source}"
    parameters = {"namespace": route.namespace, "source": route.source}
    if not route.rest:
        return proxy_event(request, _BARE_RESOURCE, path, parameters, route.port)
    parameters["proxy"] = route.rest
    return proxy_event(request, _RESOURCE, f"{path}/{route.rest}", parameters, route.port)


def proxy_event(
    request: Request, resource: str, path: str, parameters: Mapping[str, str], port: str = ""
) -> dict[str, Any]:
    """The event that API Gateway (REST, proxy integration, payload v1) makes of a request to `resource`."""
    many: dict[str, list[str]] = {}
    for name, value in request.headers:
        many.setdefault(name, []).append(value)
    body = request.body
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    query = _query(request.query)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": many,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} if query else None,
        "multiValueQueryStringParameters": query,
        "pathParameters": dict(parameters),
        "stageVariables": {"port": port} if port else None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": request.method,
            "path": path,
            "stage": "local",
            "identity": {"sourceIp": request.client},
        },
        "body": text if body else None,
        "isBase64Encoded": encoded,
    }


def _query(raw: bytes) -> dict[str, list[str]] | None:
    if not raw:
        return None
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(value)
    return values


def answer_with(result: Mapping[str, Any], reply: Reply) -> None:
    """Answer a request with what a function gave back for its proxy event."""
    body = result.get("body") or ""
    data = base64.b64decode(body) if result.get("isBase64Encoded") else str(body).encode()
    headers = result.get("headers") or {}
    many = result.get("multiValueHeaders")
    if many:
        headers = {**headers, **{name: ", ".join(values) for name, values in many.items()}}
    reply(result["statusCode"], headers, data)
