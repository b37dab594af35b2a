"""The Watching port on aiohttp: any number of watches on one event loop, one TLS context, one pool of connections.

In: a `Door` (where the server is and what lets us in). Called by the agent, and for logs that grow by `argosy app logs -f`.
The kubernetes package would take a thread for each watch, and its asynchronous half (kubernetes.aio) 35 MB for its models.
The API's watch protocol is followed: one JSON object a line, bookmarks asked for, an ERROR object in place of a status once
the answer has begun.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.adapters.kube.connection import TIMEOUT, Door
from argosy.adapters.kube.kinds import Served
from argosy.adapters.kube.problems import problem
from argosy.errors import Unavailable
from argosy.ports.watching import Change, Page, Scope

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

__all__ = ["HttpWatcher"]

_METADATA: Final = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1"
_LONGEST_LINE: Final = 16 * 1024 * 1024
_LATE_SECONDS: Final = 30.0
"""How much later than asked for a server may end a watch. It may be silent until then: bookmarks come when it has news."""

_KEEPALIVE: Final = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""A peer that is gone without a word is noticed within a minute, as client-go's HTTP/2 pings notice it."""


class HttpWatcher:
    """Watches through `door`; to be used and closed on the loop that it was made on."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._session: ClientSession | None = None

    async def page(self, scope: Scope, *, limit: int, token: str = "") -> Page:
        """See `Watcher.page`."""
        query = _query(scope) | {"limit": str(limit)} | ({"continue": token} if token else {})
        async with await self._listed(scope, query, TIMEOUT[1]) as response:
            told = orjson.loads(await self._body(response, _subject(scope)))
        common = {"apiVersion": scope.kind.api_version, "kind": scope.kind.kind}
        metadata = told.get("metadata") or {}
        items = [common | item for item in told.get("items") or []]
        return Page(items, str(metadata.get("resourceVersion") or "0"), metadata.get("continue") or "")

    async def watch(self, scope: Scope, since: str, seconds: int) -> AsyncGenerator[Change]:
        """See `Watcher.watch`."""
        query = _query(scope) | {
            "watch": "true",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        async with await self._listed(scope, query, seconds + _LATE_SECONDS) as response:
            async for line in self._lines(response, _subject(scope)):
                if line == b"\n" or not line.endswith(b"\n"):  # nothing, or what broke off
                    continue
                told = orjson.loads(line)
                body: dict[str, Any] = told["object"]
                if told["type"] == "ERROR":
                    raise problem(int(body.get("code") or 500), orjson.dumps(body), {}, _subject(scope))
                body.setdefault("apiVersion", scope.kind.api_version)
                body.setdefault("kind", scope.kind.kind)
                yield Change(told["type"], body)

    async def follow(
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        tail: int | None = None,
        since_seconds: int | None = None,
        timestamps: bool = False,
    ) -> AsyncGenerator[str]:
        """What a container has written and goes on to write, line by line, until it ends. Raises as `Cluster.log`."""
        given = {"follow": "true", "container": container, "tailLines": tail, "sinceSeconds": since_seconds}
        query = {name: str(value) for name, value in given.items() if value is not None}
        query |= {"timestamps": "true"} if timestamps else {}
        kind = Served("v1", "Pod", "pods", namespaced=True)
        subject = kind.subject(namespace, pod)
        async with await self._get(kind.object_path(namespace, pod, "log"), query, None, subject) as response:
            async for line in self._lines(response, subject):
                yield line.decode(errors="replace").removesuffix("\n")

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _listed(self, scope: Scope, query: Mapping[str, str], silence: float) -> ClientResponse:
        kind = Served(scope.kind.api_version, scope.kind.kind, scope.kind.plural, scope.kind.namespaced)
        path = kind.collection_path(scope.namespace) if scope.namespace else kind.all_path()
        accept = _METADATA.format(list="" if "watch" in query else "List") if scope.metadata else "application/json"
        return await self._get(path, query, silence, _subject(scope), accept)

    async def _get(
        self, path: str, query: Mapping[str, str], silence: float | None, subject: str, accept: str = "*/*"
    ) -> ClientResponse:
        from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

        if self._session is None:
            # No limit: each watch holds its connection for as long as it goes on.
            tls = self._door.tls if self._door.tls is not None else True
            connector = TCPConnector(limit=0, ssl=tls, socket_factory=_socket)
            self._session = ClientSession(connector=connector, auto_decompress=True, read_bufsize=2**16)
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        if authorization := self._door.authorization():
            headers["Authorization"] = authorization
        timeout = ClientTimeout(total=None, sock_connect=TIMEOUT[0], sock_read=silence)
        try:
            response = await self._session.get(
                self._door.host + path,
                params=query,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
                server_hostname=self._door.server_name or None,
            )
        except (ClientError, OSError) as x:
            raise Unavailable(f"{subject}: no answer from {self._door.host}: {x or type(x).__name__}") from x
        if response.status != 200:
            body = await self._body(response, subject)
            if response.status == 401:
                self._door.refused(headers.get("Authorization", ""))
                raise Unavailable(f"{subject}: the credentials were refused; they are read again")
            raise problem(response.status, body, response.headers, subject)
        return response

    async def _body(self, response: ClientResponse, subject: str) -> bytes:
        from aiohttp import ClientError

        try:
            return await response.read()
        except (ClientError, OSError) as x:
            raise Unavailable(f"{subject}: the answer broke off: {x}") from x

    async def _lines(self, response: ClientResponse, subject: str) -> AsyncIterator[bytes]:
        """The lines with their ends, the last one without if it has none."""
        from aiohttp import ClientError

        rest = b""
        try:
            async for piece in response.content.iter_any():
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    yield line + b"\n"
                if len(rest) > _LONGEST_LINE:
                    raise Unavailable(f"{subject}: a line of more than {_LONGEST_LINE} bytes")
        except (ClientError, OSError) as x:
            raise Unavailable(f"{subject}: the connection broke: {x or type(x).__name__}") from x
        if rest:
            yield rest


def _socket(address: Any) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if option := getattr(socket, name, None):
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _query(scope: Scope) -> dict[str, str]:
    given = {"labelSelector": scope.labels, "fieldSelector": scope.fields}
    return {name: value for name, value in given.items() if value}


def _subject(scope: Scope) -> str:
    return "/".join(part for part in (scope.kind.plural, scope.namespace) if part)
