"""The Cluster port on one API server that this process reaches itself.

In: a `Connection`. Out: `DirectCluster`. Called by entry points only (`argosy up`, the CLI, the agent, functions), which
get it from `client`, `eks` or `pod`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final, Literal

import orjson

from argosy.adapters.kube.connection import Answer, Call, Connection
from argosy.adapters.kube.kinds import Served
from argosy.adapters.kube.problems import is_route_missing, problem
from argosy.errors import InvalidObject
from argosy.ports.cluster import (
    FIELD_MANAGER,
    Objects,
    PatchType,
    Propagation,
    ServedKind,
    ServiceAccount,
    object_reference,
    unknown_kind,
)

__all__ = ["DirectCluster"]

_PAGE: Final = "500"
_PATCHES: Final[Mapping[str, str]] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_APPLY: Final = "application/apply-patch+yaml"
"""The server reads YAML, of which JSON is a part; older ones know no other type for it."""


class DirectCluster:
    """A `Cluster` on one API server; the connection is shared with what `acting_as` returns."""

    def __init__(
        self, connection: Connection, user: ServiceAccount | None = None, home: Callable[[], str] = lambda: "default"
    ) -> None:
        """`home`: tells the namespace that is meant where none is named."""
        self.connection, self._user, self._home = connection, user, home

    @cached_property
    def home(self) -> str:
        """The namespace that is meant where none is named; found out when it is asked for, which few do."""
        return self._home()

    def create(
        self, manifest: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """See `Cluster.create`."""
        served, found, name = self._named(manifest, namespace)
        query = {"fieldManager": FIELD_MANAGER} | _dry(dry_run)
        return self._ask("POST", served, served.collection_path(found), (found, name), query, dict(manifest))

    def get(self, api_version: str, kind: str, namespace: str, name: str, *, subresource: str = "") -> dict[str, Any]:
        """See `Cluster.get`."""
        served = self._kind(api_version, kind)
        return self._ask("GET", served, served.object_path(namespace, name, subresource), (namespace, name))

    def list(
        self, api_version: str, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> Objects:
        """See `Cluster.list`. Read in pages, which the server answers from one version of its state."""
        served = self._kind(api_version, kind)
        path = served.collection_path(namespace) if namespace else served.all_path()
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        query = {"limit": _PAGE} | {name: value for name, value in selectors.items() if value}
        items: Objects = []
        while True:
            page = self._ask("GET", served, path, (namespace, ""), query)
            items += [{"apiVersion": api_version, "kind": kind} | item for item in page["items"]]
            token = page.get("metadata", {}).get("continue")
            if not token:
                return items
            query["continue"] = token

    def apply(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        manager: str = FIELD_MANAGER,
        force: bool = False,
        dry_run: bool = False,
        subresource: str = "",
    ) -> dict[str, Any]:
        """See `Cluster.apply`."""
        served, found, name = self._named(manifest, namespace)
        query = {"fieldManager": manager, "force": "true" if force else "false"} | _dry(dry_run)
        path = served.object_path(found, name, subresource)
        return self._ask("PATCH", served, path, (found, name), query, dict(manifest), _APPLY)

    def patch(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        body: Any,
        *,
        how: PatchType = "merge",
        dry_run: bool = False,
        subresource: str = "",
    ) -> dict[str, Any]:
        """See `Cluster.patch`."""
        served = self._kind(api_version, kind)
        if how not in _PATCHES:
            known = ", ".join(_PATCHES)
            raise InvalidObject(
                f"{how!r} is no type of patch; known: {known}", obj=served.subject(namespace, name), field="how"
            )
        path = served.object_path(namespace, name, subresource)
        query = {"fieldManager": FIELD_MANAGER} | _dry(dry_run)
        return self._ask("PATCH", served, path, (namespace, name), query, body, _PATCHES[how])

    def replace(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        subresource: Literal["", "status"] = "",
    ) -> dict[str, Any]:
        """See `Cluster.replace`."""
        served, found, name = self._named(manifest, namespace)
        path = served.object_path(found, name, subresource)
        query = {"fieldManager": FIELD_MANAGER} | _dry(dry_run)
        return self._ask("PUT", served, path, (found, name), query, dict(manifest))

    def delete(
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: Propagation = "Background",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
    ) -> None:
        """See `Cluster.delete`."""
        served = self._kind(api_version, kind)
        given = {"uid": uid, "resourceVersion": version}
        # The server's own default for some kinds (Jobs) is to orphan what they made; kubectl never does that.
        options: dict[str, Any] = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": propagation,
            "preconditions": {field: value for field, value in given.items() if value},
        }
        if dry_run:  # beside a body the server looks at no parameter
            options["dryRun"] = ["All"]
        self._ask("DELETE", served, served.object_path(namespace, name), (namespace, name), None, options)

    def evict(self, namespace: str, pod: str, *, uid: str = "") -> None:
        """See `Cluster.evict`. The server answers 429 while a budget forbids it."""
        served = self._kind("v1", "Pod")
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": uid}} if uid else {},
        }
        self._ask("POST", served, served.object_path(namespace, pod, "eviction"), (namespace, pod), None, body)

    def log(
        self,
        namespace: str,
        pod: str,
        *,
        container: str = "",
        tail: int | None = None,
        since_seconds: int | None = None,
        previous: bool = False,
        timestamps: bool = False,
        limit_bytes: int = 1_000_000,
    ) -> str:
        """See `Cluster.log`."""
        served = self._kind("v1", "Pod")
        given = {"container": container, "tailLines": tail, "sinceSeconds": since_seconds, "limitBytes": limit_bytes}
        query = {field: str(value) for field, value in given.items() if value not in (None, "")}
        query |= {"previous": "true"} if previous else {}
        query |= {"timestamps": "true"} if timestamps else {}
        path, subject = served.object_path(namespace, pod, "log"), served.subject(namespace, pod)
        # The kubelet writes text, and sends an error as JSON, which the server passes on.
        answer = self.connection.call(Call("GET", path, query, accept="*/*", user=self._user), subject)
        _check(answer, subject)
        return answer.body.decode(errors="replace")

    def kinds(self) -> Sequence[ServedKind]:
        """See `Cluster.kinds`."""
        return self.connection.kinds.all()

    def acting_as(self, user: ServiceAccount) -> DirectCluster:
        """See `Cluster.acting_as`. Discovery goes on under our own identity."""
        return DirectCluster(self.connection, user)

    def version(self) -> str:
        """See `Cluster.version`."""
        answer = self.connection.call(Call("GET", "/version"), "version")
        _check(answer, self.connection.host)
        return str(orjson.loads(answer.body)["gitVersion"])

    def server_time(self) -> datetime | None:
        """The server's clock, to the second; None when it does not tell. Raises as `version`."""
        answer = self.connection.call(Call("GET", "/version"), "version")
        _check(answer, self.connection.host)
        told = answer.headers.get("date", "")
        try:
            return parsedate_to_datetime(told)
        except ValueError:
            return None

    def close(self) -> None:
        """Close the connection, also for every `acting_as` of this cluster."""
        self.connection.close()

    def _kind(self, api_version: str, kind: str) -> Served:
        return self.connection.kinds.find(api_version, kind)

    def _named(self, manifest: Mapping[str, Any], namespace: str | None) -> tuple[Served, str, str]:
        api_version, kind, found, name = object_reference(manifest, namespace)
        return self._kind(api_version, kind), found, name

    def _ask(
        self,
        method: str,
        served: Served,
        path: str,
        named: tuple[str, str],
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        subject = served.subject(*named)
        answer = self.connection.call(
            Call(method, path, query or {}, body, content_type=content_type, user=self._user), subject
        )
        if is_route_missing(answer.status, answer.body):
            self.connection.kinds.forget(served.api_version)
            raise unknown_kind(served.api_version, served.kind)
        _check(answer, subject)
        found: dict[str, Any] = orjson.loads(answer.body)
        return found


def _check(answer: Answer, subject: str) -> None:
    if not 200 <= answer.status <= 299:
        raise problem(answer.status, answer.body, answer.headers, subject)


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}
