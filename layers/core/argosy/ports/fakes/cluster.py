"""A cluster in memory that refuses what an API server refuses."""

from __future__ import annotations

import base64
import copy
import itertools
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from argosy.errors import AlreadyExists, Conflict, Denied, EvaluationError, InvalidObject, NotFound, Unsupported
from argosy.lang.patch.jsonpatch import json_patch
from argosy.lang.patch.mergepatch import merge_patch
from argosy.lang.patch.strategic import strategic_merge_patch
from argosy.ports.clock import Clock
from argosy.ports.cluster import (
    FIELD_MANAGER,
    Objects,
    PatchType,
    Propagation,
    ServedKind,
    ServiceAccount,
    check_segment,
    object_reference,
    unknown_kind,
)
from argosy.ports.fakes.clusterfields import Owners, apply_fields, changed_fields
from argosy.ports.fakes.clusterkinds import BUILT_IN, RBAC, FakeKind
from argosy.ports.fakes.clusterrules import Request, allowed, selector

__all__ = ["FakeCluster", "FakeKind"]

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"

type Key = tuple[FakeKind, str, str]


@dataclass(slots=True)
class _State:
    clock: Clock
    kinds: dict[tuple[str, str], FakeKind] = field(default_factory=dict)
    objects: dict[Key, dict[str, Any]] = field(default_factory=dict)
    owners: dict[Key, Owners] = field(default_factory=dict)
    logs: dict[tuple[str, str, str], list[tuple[str, str]]] = field(default_factory=dict)
    versions: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def next_version(self) -> str:
        return str(next(self.versions))


class FakeCluster:
    """Served kinds: the built-in ones, those of `kinds`, and those of definitions that are created in it."""

    def __init__(self, clock: Clock, *, kinds: Iterable[FakeKind] = ()) -> None:
        self._user: ServiceAccount | None = None
        self._state = _State(clock, {(kind.api_version, kind.kind): kind for kind in [*BUILT_IN, *kinds]})
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def create(
        self, manifest: Mapping[str, Any], *, namespace: str | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """See `Cluster.create`."""
        kind, home, name = self._place(manifest, namespace)
        self._authorize("create", kind, home, name)
        return self._create(kind, home, name, manifest, dry_run=dry_run)

    def get(self, api_version: str, kind: str, namespace: str, name: str, *, subresource: str = "") -> dict[str, Any]:
        """See `Cluster.get`."""
        key = self._existing("get", api_version, kind, namespace, name)
        found = copy.deepcopy(self._state.objects[key])
        return _scale(found) if _checked_subresource(key[0], subresource) == "scale" else found

    def list(
        self, api_version: str, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> Objects:
        """See `Cluster.list`. Of the fields, those of metadata can be selected by."""
        served = self._kind(api_version, kind)
        home = namespace if served.namespaced else ""
        self._authorize("list", served, home, "")
        takes, also = selector(label_selector), selector(field_selector)
        return [
            copy.deepcopy(stored)
            for (of, where, name), stored in sorted(self._state.objects.items(), key=lambda item: item[0][1:])
            if of == served
            and home in ("", where)
            and takes(stored["metadata"].get("labels") or {})
            and also({"metadata.name": name, "metadata.namespace": where})
        ]

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
        """See `Cluster.apply`. Lists are applied as a whole."""
        kind, home, name = key = self._place(manifest, namespace)
        self._authorize("patch", kind, home, name)
        _checked_subresource(kind, subresource)
        check_segment(name, "metadata.name", kind.kind)
        if key not in self._state.objects:
            if subresource:
                raise _missing(key)
            made = self._create(kind, home, name, manifest, dry_run=dry_run)
            _, owners = apply_fields({}, manifest, manager, {}, force=True, subject="")
            if not dry_run:
                self._state.owners[key] = owners
            return made
        live = self._state.objects[key]
        merged, owners = apply_fields(
            live, manifest, manager, self._state.owners.get(key, {}), force=force, subject=kind.subject(home, name)
        )
        merged["metadata"]["resourceVersion"] = (manifest.get("metadata") or {}).get("resourceVersion")
        stored = self._update(key, merged, subresource, dry_run=dry_run)
        if not dry_run:
            self._state.owners[key] = owners
        return stored

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
        key = self._existing("patch", api_version, kind, namespace, name)
        served, subject = key[0], key[0].subject(*key[1:])
        live = self._state.objects[key]
        before = {**copy.deepcopy(live), "metadata": {**live["metadata"], "resourceVersion": None}}
        scaling = _checked_subresource(served, subresource) == "scale"
        try:
            patched = _patched(_scale(before) if scaling else before, body, how, served, subject)
        except EvaluationError as x:
            raise InvalidObject(str(x), obj=subject) from x
        if scaling:
            replicas = patched["spec"].get("replicas", 0)
            self._write(key, {**before, "spec": {**before["spec"], "replicas": replicas}}, "", dry_run=dry_run)
            return _scale(copy.deepcopy(self._state.objects[key]))
        return self._write(key, patched, subresource, dry_run=dry_run)

    def replace(
        self,
        manifest: Mapping[str, Any],
        *,
        namespace: str | None = None,
        dry_run: bool = False,
        subresource: Literal["", "status"] = "",
    ) -> dict[str, Any]:
        """See `Cluster.replace`."""
        api_version, kind, found, name = object_reference(manifest, namespace)
        key = self._existing("update", api_version, kind, found, name)
        _checked_subresource(key[0], subresource)
        return self._write(key, copy.deepcopy(dict(manifest)), subresource, dry_run=dry_run)

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
        """See `Cluster.delete`. What it owns goes with it, at once; an object with finalizers stays until they are gone."""
        key = self._existing("delete", api_version, kind, namespace, name)
        metadata = self._state.objects[key]["metadata"]
        for what, wanted in (("uid", uid), ("resourceVersion", version)):
            if wanted and wanted != metadata[what]:
                raise Conflict(f"{key[0].subject(*key[1:])}: the {what} in the precondition ({wanted}) does not match")
        if dry_run:
            return
        if metadata.get("finalizers"):
            metadata.setdefault("deletionTimestamp", self._now())
            metadata["resourceVersion"] = self._state.next_version()
        else:
            self._remove(key, orphan=propagation == "Orphan")

    def evict(self, namespace: str, pod: str, *, uid: str = "") -> None:
        """See `Cluster.evict`. Nothing has a budget here."""
        self.delete("v1", "Pod", namespace, pod, uid=uid)

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
        """See `Cluster.log`. What was put there by `write_log`."""
        self._existing("get", "v1", "Pod", namespace, pod)
        written = self._state.logs.get((namespace, pod, container), [])
        lines = [f"{at} {line}" if timestamps else line for at, line in written]
        return "".join(lines if tail is None else lines[len(lines) - min(tail, len(lines)) :])[:limit_bytes]

    def write_log(self, namespace: str, pod: str, text: str, container: str = "") -> None:
        """Let a container have written `text`, all of it now."""
        at = self._now()
        self._state.logs[namespace, pod, container] = [(at, line) for line in text.splitlines(keepends=True)]

    def kinds(self) -> Sequence[ServedKind]:
        """See `Cluster.kinds`."""
        return [kind.served for kind in self._state.kinds.values()]

    def acting_as(self, user: ServiceAccount) -> FakeCluster:
        """See `Cluster.acting_as`. Rights come from the Role and RoleBinding objects in the cluster."""
        other = copy.copy(self)  # the state is shared
        other._user = user
        return other

    def version(self) -> str:
        """See `Cluster.version`."""
        return "v1.34.0"

    def _now(self) -> str:
        return self._state.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def _place(self, manifest: Mapping[str, Any], namespace: str | None) -> Key:
        api_version, kind_name, found, name = object_reference(manifest, namespace)
        kind = self._kind(api_version, kind_name)
        return kind, check_segment(found, "metadata.namespace", kind_name) if kind.namespaced else "", name

    def _create(
        self, kind: FakeKind, home: str, name: str, manifest: Mapping[str, Any], *, dry_run: bool
    ) -> dict[str, Any]:
        stored: dict[str, Any] = copy.deepcopy(dict(manifest))
        metadata = stored["metadata"] = dict(stored.get("metadata") or {})
        name = name or self._generated_name(kind, metadata)
        self._check(kind, home, name)
        if kind.status:
            stored.pop("status", None)
        stored |= _decoded_secret(stored)
        metadata |= {
            "name": name,
            "uid": str(uuid.uuid4()),
            "resourceVersion": self._state.next_version(),
            "generation": 1,
            "creationTimestamp": self._now(),
        }
        metadata.pop("namespace", None)
        if home:
            metadata["namespace"] = home
        if not dry_run:
            self._state.objects[kind, home, name] = stored
            self._state.owners[kind, home, name] = changed_fields({}, stored, FIELD_MANAGER, {})
            self._serve(kind, stored)
        return copy.deepcopy(stored)

    def _write(self, key: Key, new: dict[str, Any], subresource: str, *, dry_run: bool) -> dict[str, Any]:
        """An update by somebody who does not apply."""
        before = copy.deepcopy(self._state.objects[key])
        stored = self._update(key, new, subresource, dry_run=dry_run)
        if not dry_run and key in self._state.objects:
            self._state.owners[key] = changed_fields(
                before, self._state.objects[key], FIELD_MANAGER, self._state.owners.get(key, {})
            )
        return stored

    def _update(self, key: Key, new: dict[str, Any], subresource: str, *, dry_run: bool) -> dict[str, Any]:
        """Put `new` in the place of what is there, as far as this endpoint may."""
        live = self._state.objects[key]
        metadata = dict(new.get("metadata") or {})
        _check_preconditions(live["metadata"], metadata, key[0].subject(*key[1:]))
        if subresource == "status":
            new, metadata = {**copy.deepcopy(live), "status": new.get("status")}, dict(live["metadata"])
        elif key[0].status:
            new = {**new, "status": live.get("status")}
        servers = (
            "uid",
            "creationTimestamp",
            "generation",
            "resourceVersion",
            "deletionTimestamp",
            "namespace",
            "name",
        )
        metadata |= {name: live["metadata"][name] for name in servers if name in live["metadata"]}
        new = {name: value for name, value in {**new, "metadata": metadata}.items() if value is not None}
        new |= _decoded_secret(new)
        if new == live:
            return copy.deepcopy(live)
        if any(new.get(name) != live.get(name) for name in {*new, *live} - {"metadata", "status"}):
            metadata["generation"] += 1
        metadata["resourceVersion"] = self._state.next_version()
        if not dry_run:
            self._state.objects[key] = new
            if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
                self._remove(key)
        return copy.deepcopy(new)

    def _kind(self, api_version: str, kind: str) -> FakeKind:
        found = self._state.kinds.get((api_version, kind))
        if found is None:
            raise unknown_kind(api_version, kind)
        return found

    def _existing(self, verb: str, api_version: str, kind: str, namespace: str, name: str) -> tuple[FakeKind, str, str]:
        served = self._kind(api_version, kind)
        check_segment(name, "metadata.name", kind)
        home = check_segment(namespace, "metadata.namespace", kind) if served.namespaced else ""
        self._authorize(verb, served, home, name)
        if (served, home, name) not in self._state.objects:
            raise _missing((served, home, name))
        return served, home, name

    def _authorize(self, verb: str, kind: FakeKind, namespace: str, name: str) -> None:
        if self._user is None:
            return
        rules = (stored for (of, _, _), stored in self._state.objects.items() if of.api_version == RBAC)
        if not allowed(self._user, Request(verb, kind.group, kind.plural, namespace, name), rules):
            where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            raise Denied(
                f'{kind.subject(namespace, name)}: {kind.resource} is forbidden: User "{self._user.user}" cannot {verb} '
                f'resource "{kind.plural}" in API group "{kind.group}" {where}'
            )

    def _generated_name(self, kind: FakeKind, metadata: Mapping[str, Any]) -> str:
        prefix = metadata.get("generateName")
        if not prefix:
            raise InvalidObject("name or generateName is required", obj=kind.kind, field="metadata.name")
        number = next(self._state.versions)
        digits = (number // len(_SUFFIX) ** place % len(_SUFFIX) for place in range(5))
        return str(prefix) + "".join(_SUFFIX[digit] for digit in digits)

    def _check(self, kind: FakeKind, namespace: str, name: str) -> None:
        subject = kind.subject(namespace, name)
        if not _SUBDOMAIN.fullmatch(name) and kind.api_version != RBAC:
            raise InvalidObject(f'{kind.kind} "{name}" is invalid: metadata.name', obj=subject, field="metadata.name")
        if namespace and (self._kind("v1", "Namespace"), "", namespace) not in self._state.objects:
            raise NotFound(f'{subject}: namespaces "{namespace}" not found')
        if (kind, namespace, name) in self._state.objects:
            raise AlreadyExists(f'{subject}: {kind.resource} "{name}" already exists')

    def _serve(self, kind: FakeKind, stored: Mapping[str, Any]) -> None:
        if kind.kind == "CustomResourceDefinition":
            spec = stored["spec"]
            for version in spec["versions"]:
                api_version, names = f"{spec['group']}/{version['name']}", spec["names"]
                extra = version.get("subresources") or {}
                new = FakeKind(
                    api_version,
                    names["kind"],
                    names["plural"],
                    spec["scope"] == "Namespaced",
                    "status" in extra,
                    "scale" in extra,
                )
                self._state.kinds[api_version, names["kind"]] = new

    def _remove(self, key: Key, *, orphan: bool = False) -> None:
        kind, _, name = key
        uid = self._state.objects.pop(key)["metadata"]["uid"]
        self._state.owners.pop(key, None)
        for other, stored in list(self._state.objects.items()):
            owned = any(owner.get("uid") == uid for owner in stored["metadata"].get("ownerReferences") or [])
            inside = kind.kind == "Namespace" and other[1] == name
            if other in self._state.objects and ((owned and not orphan) or inside):
                self._remove(other)


def _missing(key: Key) -> NotFound:
    kind, _, name = key
    return NotFound(f'{kind.subject(*key[1:])}: {kind.resource} "{name}" not found')


def _check_preconditions(live: Mapping[str, Any], given: Mapping[str, Any], subject: str) -> None:
    """An update is of the object that it names; a resourceVersion in it must be the live one."""
    for what in ("name", "namespace"):
        if given.get(what, live.get(what)) != live.get(what):
            raise InvalidObject("is not that of the object", obj=subject, field=f"metadata.{what}")
    if given.get("uid", live["uid"]) != live["uid"]:
        raise Conflict(f"{subject}: Precondition failed: UID in precondition: {given['uid']}")
    if given.get("resourceVersion") not in (None, "", live["resourceVersion"]):
        raise Conflict(f"{subject}: the object has been modified; please apply your changes to the latest version")


def _checked_subresource(kind: FakeKind, subresource: str) -> str:
    if subresource and not {"status": kind.status, "scale": kind.scale}.get(subresource):
        raise unknown_kind(kind.api_version, kind.kind)
    return subresource


def _scale(stored: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: stored["metadata"][name] for name in ("name", "namespace", "uid", "resourceVersion")}
    spec, status = stored.get("spec") or {}, stored.get("status") or {}
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": metadata,
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {"replicas": status.get("replicas", 0)},
    }


def _patched(before: dict[str, Any], body: Any, how: str, kind: FakeKind, subject: str) -> dict[str, Any]:
    if how == "strategic":
        if "." in kind.group:
            raise Unsupported("strategic merge patches are for built-in kinds: use a merge patch", obj=subject)
        return strategic_merge_patch(before, body, kind.kind)
    patched: Any
    if how == "json":
        patched = json_patch(before, body)
    elif how == "merge":
        patched = merge_patch(before, body)
    else:
        raise InvalidObject(f"{how!r} is no type of patch", obj=subject, field="how")
    if not isinstance(patched, dict):
        raise InvalidObject("what the patch leaves is no object", obj=subject)
    return patched


def _decoded_secret(stored: dict[str, Any]) -> dict[str, Any]:
    """`stringData` moves into `data`, as the server does it."""
    if stored.get("kind") != "Secret" or "stringData" not in stored:
        return {}
    plain = stored.pop("stringData")
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    return {"data": (stored.get("data") or {}) | encoded}
