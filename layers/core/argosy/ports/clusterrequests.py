"""Calls of the Cluster port as data: for a cluster that is reached later, or by somebody else.

In: the arguments of a `Cluster` method. Out: a `Request`, which can be kept, signed and sent, and `perform`, which makes the
call. `ForwardingCluster` is the port in terms of one method, `send`; clusters behind an agent and lazily connected ones
are made of it. Watching and paging are for who stands next to the cluster, and are not handed on as requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, Self, cast

from argosy.errors import InvalidObject
from argosy.ports.cluster import (
    FIELD_MANAGER,
    Cluster,
    Objects,
    PatchType,
    Propagation,
    ServedKind,
    ServiceAccount,
    object_reference,
)
from argosy.records import record

__all__ = ["READING", "VERBS", "ForwardingCluster", "Request", "perform"]

READING: Final = frozenset({"get", "list", "log", "kinds", "version"})
VERBS: Final = READING | {"create", "apply", "patch", "replace", "delete", "evict"}


@record
class Request:
    """One call: `verb` is the method of `Cluster`, `arguments` its arguments by name, `user` whom it acts as."""

    verb: str
    arguments: Mapping[str, Any]
    user: ServiceAccount | None = None

    @property
    def target(self) -> tuple[str, str, str, str]:
        """(apiVersion, kind, namespace, name) of the object, as far as the call names one. Raises `InvalidObject`."""
        given = self.arguments
        if "manifest" in given:
            return object_reference(given["manifest"], given.get("namespace"))
        if self.verb == "log":
            return "v1", "Pod", str(given["namespace"]), str(given["pod"])
        return (
            str(given.get("api_version", "")),
            str(given.get("kind", "")),
            str(given.get("namespace", "")),
            str(given.get("name", "")),
        )

    @property
    def writes(self) -> bool:
        """Whether it may change the cluster."""
        return self.verb not in READING and not self.arguments.get("dry_run")

    def as_json(self) -> dict[str, Any]:
        """For a message: the verb, the arguments, and whom it acts as."""
        body: dict[str, Any] = {"verb": self.verb, "arguments": dict(self.arguments)}
        if self.user is not None:
            body["user"] = [self.user.namespace, self.user.name]
        return body

    @classmethod
    def from_json(cls, body: Any) -> Self:
        """The inverse of `as_json`. Raises `InvalidObject` for anything else."""
        try:
            verb, arguments, user = body["verb"], body["arguments"], body.get("user")
        except (KeyError, TypeError, AttributeError) as x:
            raise InvalidObject(f"is no call of a cluster: {type(x).__name__} {x}", obj="request") from None
        if verb not in VERBS or not isinstance(arguments, dict):
            raise InvalidObject(f"{verb!r} is no verb; known: {', '.join(sorted(VERBS))}", obj="request", field="verb")
        return cls(verb, arguments, ServiceAccount(*user) if user else None)


def perform(cluster: Cluster, request: Request) -> Any:
    """Make the call on `cluster`; what its method returns. Raises what it raises, `InvalidObject` for wrong arguments."""
    acting = cluster if request.user is None else cluster.acting_as(request.user)
    if request.verb not in VERBS:
        raise InvalidObject(f"{request.verb!r} is no verb", obj="request", field="verb")
    try:
        return getattr(acting, request.verb)(**request.arguments)
    except TypeError as x:  # arguments that the method does not have come from another release
        raise InvalidObject(f"{request.verb}: {x}", obj="request", field="arguments") from x


class ForwardingCluster(ABC):
    """The `Cluster` port, every call handed to `send`. `user`: whom the calls act as."""

    user: ServiceAccount | None = None

    @abstractmethod
    def send(self, request: Request) -> Any:
        """Have the call made, and return what it returns. Raises as `Cluster`."""

    @abstractmethod
    def acting_as(self, user: ServiceAccount) -> Self:
        """See `Cluster.acting_as`."""

    def create(
        self, manifest: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """See `Cluster.create`."""
        return self._object("create", manifest=dict(manifest), namespace=namespace, dry_run=dry_run)

    def get(self, api_version: str, kind: str, namespace: str, name: str, *, subresource: str = "") -> dict[str, Any]:
        """See `Cluster.get`."""
        return self._object(
            "get", api_version=api_version, kind=kind, namespace=namespace, name=name, subresource=subresource
        )

    def list(
        self, api_version: str, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> Objects:
        """See `Cluster.list`."""
        found = self._call(
            "list",
            api_version=api_version,
            kind=kind,
            namespace=namespace,
            label_selector=label_selector,
            field_selector=field_selector,
        )
        return cast("Objects", found)

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
        return self._object(
            "apply",
            manifest=dict(manifest),
            namespace=namespace,
            manager=manager,
            force=force,
            dry_run=dry_run,
            subresource=subresource,
        )

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
        return self._object(
            "patch",
            api_version=api_version,
            kind=kind,
            namespace=namespace,
            name=name,
            body=body,
            how=how,
            dry_run=dry_run,
            subresource=subresource,
        )

    def replace(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        subresource: Literal["", "status"] = "",
    ) -> dict[str, Any]:
        """See `Cluster.replace`."""
        return self._object(
            "replace", manifest=dict(manifest), namespace=namespace, dry_run=dry_run, subresource=subresource
        )

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
        self._call(
            "delete",
            api_version=api_version,
            kind=kind,
            namespace=namespace,
            name=name,
            propagation=propagation,
            uid=uid,
            version=version,
            dry_run=dry_run,
        )

    def evict(self, namespace: str, pod: str, *, uid: str = "") -> None:
        """See `Cluster.evict`."""
        self._call("evict", namespace=namespace, pod=pod, uid=uid)

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
        text = self._call(
            "log",
            namespace=namespace,
            pod=pod,
            container=container,
            tail=tail,
            since_seconds=since_seconds,
            previous=previous,
            limit_bytes=limit_bytes,
            **({"timestamps": True} if timestamps else {}),  # agents of before this do not know it
        )
        return str(text)

    def kinds(self) -> Sequence[ServedKind]:
        """See `Cluster.kinds`."""
        return cast("Sequence[ServedKind]", self._call("kinds"))

    def version(self) -> str:
        """See `Cluster.version`."""
        return str(self._call("version"))

    def _object(self, verb: str, **arguments: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", self._call(verb, **arguments))

    def _call(self, verb: str, **arguments: Any) -> Any:
        given = {name: value for name, value in arguments.items() if value is not None and value is not False}
        return self.send(Request(verb, given, self.user))
