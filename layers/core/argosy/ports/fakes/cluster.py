"""A cluster in memory that refuses what an API server refuses."""

from __future__ import annotations

import base64
import copy
import itertools
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.errors import AlreadyExists, Denied, InvalidObject, NotFound
from argosy.ports.clock import Clock
from argosy.ports.cluster import Objects, ServiceAccount, check_segment, object_reference, unknown_kind
from argosy.ports.fakes.clusterrules import Request, allowed, selector

__all__ = ["FakeCluster", "FakeKind"]

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_RBAC = "rbac.authorization.k8s.io/v1"
_DEFINITIONS = "apiextensions.k8s.io/v1"
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True, slots=True)
class FakeKind:
    """A kind that is served."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """Empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def resource(self) -> str:
        """As the server names it in its messages: `workflows.argoproj.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _kinds(api_version: str, names: str, *, namespaced: bool = True) -> list[FakeKind]:
    pairs = (name.split("/") for name in names.split())
    return [FakeKind(api_version, kind, plural, namespaced) for kind, plural in pairs]


_BUILT_IN = [
    *_kinds("v1", "Pod/pods ConfigMap/configmaps Secret/secrets Service/services ServiceAccount/serviceaccounts"),
    *_kinds("v1", "Event/events PersistentVolumeClaim/persistentvolumeclaims"),
    *_kinds("v1", "Namespace/namespaces Node/nodes", namespaced=False),
    *_kinds("apps/v1", "Deployment/deployments StatefulSet/statefulsets DaemonSet/daemonsets ReplicaSet/replicasets"),
    *_kinds("batch/v1", "Job/jobs CronJob/cronjobs"),
    *_kinds(_RBAC, "Role/roles RoleBinding/rolebindings"),
    *_kinds(_RBAC, "ClusterRole/clusterroles ClusterRoleBinding/clusterrolebindings", namespaced=False),
    *_kinds(_DEFINITIONS, "CustomResourceDefinition/customresourcedefinitions", namespaced=False),
    *_kinds("argoproj.io/v1alpha1", "Workflow/workflows WorkflowTemplate/workflowtemplates CronWorkflow/cronworkflows"),
    *_kinds("argoproj.io/v1alpha1", "WorkflowEventBinding/workfloweventbindings"),
    *_kinds("argoproj.io/v1alpha1", "ClusterWorkflowTemplate/clusterworkflowtemplates", namespaced=False),
    *_kinds("argoproj.io/v1alpha1", "EventSource/eventsources Sensor/sensors EventBus/eventbus"),
]


@dataclass(slots=True)
class _State:
    clock: Clock
    kinds: dict[tuple[str, str], FakeKind] = field(default_factory=dict)
    objects: dict[tuple[FakeKind, str, str], dict[str, Any]] = field(default_factory=dict)
    versions: itertools.count[int] = field(default_factory=lambda: itertools.count(1))


class FakeCluster:
    """Served kinds: the built-in ones above, those of `kinds`, and those of definitions that are created in it."""

    def __init__(self, clock: Clock, *, kinds: Iterable[FakeKind] = ()) -> None:
        self._user: ServiceAccount | None = None
        self._state = _State(clock, {(kind.api_version, kind.kind): kind for kind in [*_BUILT_IN, *kinds]})
        for name in ("default", "kube-system", "kube-public", "kube-node-lease"):
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def create(self, manifest: Mapping[str, Any], *, namespace: str | None = None) -> dict[str, Any]:
        """See `Cluster.create`."""
        api_version, kind_name, found, name = object_reference(manifest, namespace)
        kind = self._kind(api_version, kind_name)
        home = check_segment(found, "metadata.namespace", kind_name) if kind.namespaced else ""
        self._authorize("create", kind, home, name)
        stored: dict[str, Any] = copy.deepcopy(dict(manifest))
        metadata = stored["metadata"] = dict(stored.get("metadata") or {})
        name = name or self._generated_name(kind, metadata)
        self._check(kind, home, name)
        stored |= _decoded_secret(stored)
        metadata |= {
            "name": name,
            "uid": str(uuid.uuid4()),
            "resourceVersion": str(next(self._state.versions)),
            "creationTimestamp": self._state.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        metadata.pop("namespace", None)
        if home:
            metadata["namespace"] = home
        self._state.objects[kind, home, name] = stored
        self._serve(kind, stored)
        return copy.deepcopy(stored)

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        """See `Cluster.get`."""
        return copy.deepcopy(self._state.objects[self._existing("get", api_version, kind, namespace, name)])

    def list(self, api_version: str, kind: str, namespace: str, *, label_selector: str = "") -> Objects:
        """See `Cluster.list`."""
        served = self._kind(api_version, kind)
        home = namespace if served.namespaced else ""
        self._authorize("list", served, home, "")
        takes = selector(label_selector)
        return [
            copy.deepcopy(stored)
            for (of, where, _), stored in sorted(self._state.objects.items(), key=lambda item: item[0][1:])
            if of == served and home in ("", where) and takes(stored["metadata"].get("labels") or {})
        ]

    def delete(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """See `Cluster.delete`. What it owns goes with it, at once."""
        key = self._existing("delete", api_version, kind, namespace, name)
        self._remove(key)

    def acting_as(self, user: ServiceAccount) -> FakeCluster:
        """See `Cluster.acting_as`. Rights come from the Role and RoleBinding objects in the cluster."""
        other = copy.copy(self)  # the state is shared
        other._user = user
        return other

    def version(self) -> str:
        """See `Cluster.version`."""
        return "v1.34.0"

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
            raise NotFound(f'{_subject(served, home, name)}: {served.resource} "{name}" not found')
        return served, home, name

    def _authorize(self, verb: str, kind: FakeKind, namespace: str, name: str) -> None:
        if self._user is None:
            return
        rules = (stored for (of, _, _), stored in self._state.objects.items() if of.api_version == _RBAC)
        if not allowed(self._user, Request(verb, kind.group, kind.plural, namespace, name), rules):
            where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
            raise Denied(
                f'{_subject(kind, namespace, name)}: {kind.resource} is forbidden: User "{self._user.user}" cannot {verb} '
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
        subject = _subject(kind, namespace, name)
        if not _SUBDOMAIN.fullmatch(name) and kind.api_version != _RBAC:
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
                new = FakeKind(api_version, names["kind"], names["plural"], namespaced=spec["scope"] == "Namespaced")
                self._state.kinds[api_version, names["kind"]] = new

    def _remove(self, key: tuple[FakeKind, str, str]) -> None:
        kind, _, name = key
        uid = self._state.objects.pop(key)["metadata"]["uid"]
        for other, stored in list(self._state.objects.items()):
            owned = any(owner.get("uid") == uid for owner in stored["metadata"].get("ownerReferences") or [])
            inside = kind.kind == "Namespace" and other[1] == name
            if other in self._state.objects and (owned or inside):
                self._remove(other)


def _subject(kind: FakeKind, namespace: str, name: str) -> str:
    return "/".join(part for part in (kind.kind, namespace, name) if part)


def _decoded_secret(stored: dict[str, Any]) -> dict[str, Any]:
    """`stringData` moves into `data`, as the server does it."""
    if stored.get("kind") != "Secret" or "stringData" not in stored:
        return {}
    plain = stored.pop("stringData")
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    return {"data": (stored.get("data") or {}) | encoded}
