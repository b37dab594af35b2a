"""Cluster port: objects of a Kubernetes cluster, as plain dictionaries.

A cluster is reached by kubeconfig, by the EKS API or through an agent; callers see dictionaries as `kubectl get -o
json` prints them, and errors of `argosy.errors` that carry the API server's own words. What a Sensor or Workflow
does in a cluster it does as a service account (`acting_as`): the identity of the installation is nobody's deputy.
Calls as data, for what hands them on, are in `clusterrequests`; hearing of changes is `watching`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, Self

from argosy.errors import InvalidObject, NotFound

__all__ = [
    "FIELD_MANAGER",
    "Cluster",
    "Objects",
    "PatchType",
    "Propagation",
    "ServedKind",
    "ServiceAccount",
    "check_segment",
    "object_reference",
    "unknown_kind",
    "watchable",
]

FIELD_MANAGER: Final = "argosy"
"""Who owns the fields that we write, where a caller names nobody else."""

type Objects = list[dict[str, Any]]
type PatchType = Literal["merge", "json", "strategic"]
"""JSON merge patch (RFC 7386), JSON patch (RFC 6902), strategic merge patch (built-in kinds only)."""

type Propagation = Literal["Background", "Foreground", "Orphan"]

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An identity inside a cluster. Raises `InvalidObject` for names that Kubernetes could not have given out."""

    namespace: str
    name: str = "default"

    def __post_init__(self) -> None:
        if not (_LABEL.fullmatch(self.namespace) and _SUBDOMAIN.fullmatch(self.name) and len(self.name) <= 253):
            raise InvalidObject(
                f"{self.namespace!r}/{self.name!r} names no service account",
                obj="ServiceAccount",
                field="metadata.name",
            )

    @property
    def user(self) -> str:
        """The user name that the API server knows it by."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def groups(self) -> tuple[str, str, str]:
        """The groups of every service account of its namespace."""
        return ("system:serviceaccounts", f"system:serviceaccounts:{self.namespace}", "system:authenticated")


@dataclass(frozen=True, slots=True)
class ServedKind:
    """A kind as discovery tells of it; `verbs` such as "list" and "watch", `subresources` such as "status".

    `versions`: every apiVersion that it is served in; empty where an older agent has told of it.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str] = frozenset()
    subresources: frozenset[str] = frozenset()
    versions: tuple[str, ...] = ()

    @property
    def is_watchable(self) -> bool:
        """Whether its objects can be listed and watched."""
        return self.verbs >= {"list", "watch"}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The kind of its fields as JSON brings them; those that a newer agent tells besides are left out."""
        lists = {"verbs": frozenset, "subresources": frozenset, "versions": tuple}
        known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        return cls(**{name: lists[name](value) if name in lists else value for name, value in known.items()})


class Cluster(Protocol):
    """Reads and writes objects. Kinds are named as in manifests: `api_version` "v1" or "argoproj.io/v1alpha1", `kind`.

    The namespace of a kind that has none is ignored. Common errors of every method: `NotFound` (object, namespace, or a
    kind that the cluster does not serve: `unknown_kind`), `Denied` (401, 403), `InvalidObject` (the server refused the
    manifest, patch, name or selector), `Conflict`, `Unavailable` (unreachable, overloaded, broken).

    `dry_run`: the server does all but keep it. `subresource`: "status" or "scale"; what comes back is the server's answer,
    for "scale" an autoscaling/v1 Scale.
    """

    def create(
        self, manifest: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Make the object and return it as stored. `namespace` counts for a manifest that names none, then "default".

        Raises `AlreadyExists` when the name is taken.
        """
        ...

    def get(self, api_version: str, kind: str, namespace: str, name: str, *, subresource: str = "") -> dict[str, Any]:
        """The object as it is now."""
        ...

    def list(
        self, api_version: str, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> Objects:
        """All objects of the kind in `namespace` ("" for all namespaces) that the selectors take, each with its kind."""
        ...

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
        """Server-side apply: `manager` owns the fields of `manifest` from now on, and no others; made if not there.

        Raises `Conflict` when another manager owns one of them with another value; `force` takes them over. A manifest
        with a resourceVersion is applied to that version only.
        """
        ...

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
        """Change the object by a patch (a list for "json", else a mapping) and return it.

        Raises `Conflict` when the patch carries a resourceVersion that is not the object's, `Unsupported` for "strategic" on
        a custom resource.
        """
        ...

    def replace(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        subresource: Literal["", "status"] = "",
    ) -> dict[str, Any]:
        """Put `manifest` in the object's place. Raises `Conflict` when it carries an older resourceVersion."""
        ...

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
        """Ask for the end of the object and, unless "Orphan", of what it owns.

        Raises `NotFound` if it is not there, `Conflict` if it is not the object with this uid or resourceVersion.
        """
        ...

    def evict(self, namespace: str, pod: str, *, uid: str = "") -> None:
        """Ask for the end of a pod as its disruption budget allows; one that is going already is no error.

        Raises `Unavailable` when the budget does not allow it now, `Conflict` if it is not the pod with this uid.
        """
        ...

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
        """What a container of a pod has written: the last `tail` lines of the last seconds, `limit_bytes` at most.

        `timestamps`: before each line, its time in RFC 3339 and a blank.
        """
        ...

    def kinds(self) -> Sequence[ServedKind]:
        """Every kind that is served, in the version that its group prefers, with the others.

        Groups that do not answer are left out.
        """
        ...

    def acting_as(self, user: ServiceAccount) -> Self:
        """The same cluster, every call made as `user` (impersonation); replaces an earlier `acting_as`."""
        ...

    def version(self) -> str:
        """The server's version, such as "v1.34.0"."""
        ...


def check_segment(value: str, field: str, obj: str) -> str:
    """`value` if it can stand as one segment of an API path: a name from a manifest must not choose the path.

    As `IsValidPathSegmentName` of apimachinery v0.34 (api/validation/path/name.go): not empty, not `.` or `..`, no
    `/`, no `%`. Raises `InvalidObject`.
    """
    if value in ("", ".", "..") or any(char in value for char in "/%?#\\") or not value.isprintable():
        raise InvalidObject(f"{value!r} cannot be a name", obj=obj, field=field)
    return value


def object_reference(manifest: Mapping[str, Any], namespace: str | None = None) -> tuple[str, str, str, str]:
    """(apiVersion, kind, namespace, name) of a manifest; the name is empty with generateName.

    The namespace is the manifest's, else `namespace`, else "default". Raises `InvalidObject` when it cannot be an
    object.
    """
    api_version, kind = manifest.get("apiVersion"), manifest.get("kind")
    metadata = manifest.get("metadata", {})
    if metadata is None:  # written as `metadata:` with nothing below
        metadata = {}
    for field, value in (("apiVersion", api_version), ("kind", kind)):
        if not isinstance(value, str) or not value:
            raise InvalidObject("is missing or no text", obj="manifest", field=field)
    if not isinstance(metadata, Mapping):
        raise InvalidObject("is no mapping", obj=str(kind), field="metadata")
    found = metadata.get("namespace") or namespace or "default"
    name = metadata.get("name") or ""
    for field, value in (("metadata.namespace", found), ("metadata.name", name)):
        if not isinstance(value, str):
            raise InvalidObject("is no text", obj=str(kind), field=field)
    return str(api_version), str(kind), found, name


def watchable(kinds: Iterable[ServedKind]) -> Iterator[tuple[str, str]]:
    """(apiVersion, kind) in every version of what can be listed and watched (`GetAPIResources` of gitops-engine)."""
    for one in kinds:
        if one.is_watchable:
            yield from ((version, one.kind) for version in one.versions or (one.api_version,))


def unknown_kind(api_version: str, kind: str) -> NotFound:
    """The error for a kind that the cluster does not serve, with the way out."""
    return NotFound(
        f"the cluster serves no {api_version} {kind}: check apiVersion and kind, or install its CustomResourceDefinition "
        "first (kubectl apply -f FILE; those of Argo's kinds are in infra/crds)"
    )
