"""The way through the API, whoever serves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from argosy.cli.client import Moved, ObjectKey, Seen
from argosy.cli.client.transport import Reply, Transport
from argosy.errors import ArgosyError, Denied, InvalidObject, NotFound, Permanent, Placed, Unauthenticated, Unavailable
from argosy.problems import error_of
from argosy.resources.manifests import Manifest
from argosy.services.applied import Applied
from argosy.services.views import MAX_WAIT

if TYPE_CHECKING:
    from argosy.services.agents.administration import Change
    from argosy.services.agents.registry import Entry

__all__ = ["Remote"]

_PAGE: Final = "500"


class Remote:
    """See `Client`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def apply(self, manifests: Sequence[Manifest], namespace: str) -> list[Applied]:
        """See `Client.apply`. What the server finds wrong is named with the file and line that it has here."""
        bodies = [manifest.body for manifest in manifests]
        try:
            answer = self._ask("POST", "/objects", body={"manifests": bodies, "namespace": namespace})
        except Placed as x:
            raise _placed(x, manifests) from x
        return _results(answer)

    def delete(self, objects: Sequence[ObjectKey]) -> list[Applied]:
        """See `Client.delete`."""
        named = [{"kind": kind, "namespace": namespace, "name": name} for kind, namespace, name in objects]
        return _results(self._ask("POST", "/deletions", body={"objects": named}))

    def one(self, kind: str, namespace: str, name: str, *, since: str = "") -> Seen:
        """See `Client.one`."""
        path = f"/objects/{quote(kind, '')}/{quote(namespace, '')}/{quote(name, '')}"
        reply = self._reply("GET", path, _watching(since))
        return Seen([self._value(reply)], reply.headers.get("etag", ""))

    def listing(self, kind: str, namespace: str | None, *, since: str = "") -> Seen:
        """See `Client.listing`."""
        asked = {"limit": _PAGE} | ({} if namespace is None else {"namespace": namespace})
        path = f"/objects/{quote(kind, '')}"
        answer = self._ask("GET", path, asked | _watching(since))
        items, version = list(answer["items"]), str(answer["version"])
        while answer["next"]:
            answer = self._ask("GET", path, asked | {"after": answer["next"]})
            items += answer["items"]
        return Seen(items, version)

    def connections(self) -> list[dict[str, Any]]:
        """See `Client.connections`."""
        return [{"kind": "Connection", **each} for each in self._ask("GET", "/connections")["items"]]

    def queues(self) -> list[dict[str, Any]]:
        """See `Client.queues`."""
        return [{"kind": "Queue", **each} for each in self._ask("GET", "/queues")["items"]]

    def redrive(self, queue: str, moved: Moved) -> int:
        """See `Client.redrive`."""
        operation = self._ask("POST", f"/queues/{quote(queue, '')}/redrive")
        while operation["status"] == "running":
            moved(operation["moved"], operation["total"])
            operation = self._ask("POST", f"/operations/{operation['id']}")
        if operation.get("error"):
            raise error_of(operation["error"])
        return int(operation["moved"])

    def events(self, namespace: str, since: str, until: str, limit: int) -> list[dict[str, Any]]:
        """See `Client.events`."""
        query = {"namespace": namespace, "since": since, "until": until}
        found: list[dict[str, Any]] = []
        before = ""
        while len(found) < limit:
            wanted = {"limit": str(min(limit - len(found), int(_PAGE))), "before": before}
            answer = self._ask("GET", "/events", query | wanted)
            found += answer["items"]
            before = answer["next"]
            if not before:
                break
        return found[:limit]

    def event(self, namespace: str, event: str) -> dict[str, Any]:
        """See `Client.event`."""
        found: dict[str, Any] = self._ask("GET", f"/events/{quote(namespace, '')}/{quote(event, '')}")
        return found

    def why(self, namespace: str, sensor: str, event: str) -> dict[str, Any]:
        """See `Client.why`."""
        path = f"/events/{quote(namespace, '')}/{quote(event, '')}/why/{quote(sensor, '')}"
        found: dict[str, Any] = self._ask("GET", path)
        return found

    def replay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """See `Client.replay`."""
        found: dict[str, Any] = self._ask("POST", "/replays", body=dict(request))
        return found

    def clusters(self) -> list[dict[str, Any]]:
        """See `Client.clusters`."""
        return [{"kind": "Cluster", **each} for each in self._ask("GET", "/clusters")["items"]]

    def cluster(self, name: str) -> dict[str, Any]:
        """See `Client.cluster`."""
        return {"kind": "Cluster", **self._ask("GET", f"/clusters/{quote(name, '')}")}

    def add_cluster(self, entry: Entry, *, replaces: bool) -> dict[str, Any]:
        """See `Client.add_cluster`."""
        body = {
            "name": entry.name,
            "way": entry.way,
            "settings": dict(entry.settings),
            "management": entry.management,
            "door": entry.door,
            "httpNamespaces": list(entry.http_namespaces),
            "claimed": entry.claimed,
            "namespaces": list(entry.namespaces),
            "instanceId": entry.instance_id,
            "argocdNamespace": entry.argocd_namespace,
            "applicationNamespaces": list(entry.application_namespaces),
            "replace": replaces,
        }
        found: dict[str, Any] = self._ask("POST", "/clusters", body=body)
        return found

    def change_cluster(self, name: str, change: Change) -> dict[str, Any]:
        """See `Client.change_cluster`."""
        lists = (change.http_namespaces, change.namespaces, change.application_namespaces)
        http, namespaces, applications = (list(given) if given is not None else None for given in lists)
        wanted = {
            "management": change.management,
            "door": change.door,
            "httpNamespaces": http,
            "claimed": change.claimed,
            "namespaces": namespaces,
            "instanceId": change.instance_id,
            "argocdNamespace": change.argocd_namespace,
            "applicationNamespaces": applications,
        }
        found: dict[str, Any] = self._ask("PATCH", f"/clusters/{quote(name, '')}", body=wanted)
        return found

    def remove_cluster(self, name: str) -> None:
        """See `Client.remove_cluster`."""
        self._ask("DELETE", f"/clusters/{quote(name, '')}")

    def agent_keys(self) -> list[str]:
        """See `Client.agent_keys`."""
        return [str(key) for key in self._ask("GET", "/agents/keys")["keys"]]

    def close(self) -> None:
        """See `Client.close`."""

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None, *, body: Any = None) -> Any:
        return self._value(self._reply(method, path, query, body=body))

    def _reply(self, method: str, path: str, query: Mapping[str, str] | None = None, *, body: Any = None) -> Reply:
        try:
            data = orjson.dumps(body) if body is not None else b""
        except orjson.JSONEncodeError as x:
            raise InvalidObject(f"cannot be sent as JSON: {x}") from x
        reply = self._transport.send(method, f"/api/v1{path}", query, data)
        if reply.status == 303:
            elsewhere = self._transport.fetch(reply.headers.get("location", ""))
            reply = Reply(elsewhere.status, {**elsewhere.headers, **reply.headers}, elsewhere.body)
        if reply.status >= 300:
            raise self._problem(reply)
        return reply

    def _value(self, reply: Reply) -> Any:
        try:
            return orjson.loads(reply.body)
        except orjson.JSONDecodeError as x:
            raise Unavailable(
                f"{self._transport.base} answers, but not as an API of Argosy does; is the address right?"
            ) from x

    def _problem(self, reply: Reply) -> ArgosyError:
        """What an answer that is no success means: our API's problem, or what stands before it has refused."""
        try:
            answer = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            answer = {}
        if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
            return error_of(answer["error"])
        said = str(answer.get("message") or answer.get("Message") or "") if isinstance(answer, dict) else ""
        text = f"{self._transport.base} answers {reply.status}" + (f": {said}" if said else "")
        if reply.status == 401:
            return Unauthenticated(text)
        if reply.status == 403:
            return Denied(f"{text}; may these credentials call it (execute-api:Invoke)?")
        if reply.status == 404:
            return NotFound(f"{text}; is this the address of an API of Argosy?")
        if reply.status == 413:
            return InvalidObject(f"{text}: more than fits into one request; apply fewer files at once")
        return Unavailable(text) if reply.status >= 500 or reply.status == 429 else Permanent(text)


def _watching(since: str) -> dict[str, str]:
    return {"watch": "true", "since": since, "timeout": str(MAX_WAIT)} if since else {}


def _results(answer: Mapping[str, Any]) -> list[Applied]:
    return [Applied(each["kind"], each["namespace"], each["name"], each["what"]) for each in answer["results"]]


def _placed(error: Placed, manifests: Sequence[Manifest]) -> Placed:
    """The error as if the server had read our files."""
    if error.problems:
        single = [_placed(each, manifests) if isinstance(each, Placed) else each for each in error.problems]
        return type(error)("\n".join(map(str, single)), problems=single)
    manifest = next((each for each in manifests if each.title == error.obj), None)
    if manifest is None or not error.obj:
        return error
    at = manifest.problem(error.field, error.reason)
    return type(error)(at.reason, obj=at.obj, field=at.field, line=at.line, file=at.file)
