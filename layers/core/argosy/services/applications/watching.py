"""What agents watch so that Applications can be decided on, and which Applications a change wakes.

Applications, projects and settings are watched where a cluster's door is open. Of all else, the kinds that some Application
puts there, and no others. Rows tell who has what: `deploys/<cluster>` which kinds an Application puts into a cluster, by the
name that its objects carry; `tracked/<cluster>/<that name>` the live objects that carry it. So a reconcile reads its own
objects, and nobody lists a cluster. `deployed` has to which cluster an Application goes, and by which name. Where a project
wants to know what is nobody's, all kinds of its Applications' namespaces are watched besides; `orphans/<cluster>` has who
is to be told of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import CONTROL, MIRROR, Wanted
from argosy.control.keys import Key
from argosy.gitops.refresh.needs import REFRESH
from argosy.gitops.repositories import CONTROL_SELECTOR, KIND_LABEL
from argosy.gitops.tracking import Tracking
from argosy.lang.glob import matches
from argosy.ports.store import Delete, Put, Row, Store
from argosy.resources.definitions import GROUP, VERSION
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.registry import Entry

__all__ = [
    "KINDS",
    "PART_OF",
    "Deploys",
    "Kind",
    "Orphans",
    "all_applications",
    "changed",
    "concerned",
    "deployed",
    "hands",
    "index",
    "is_ours",
    "leave",
    "names_more",
    "scopes",
    "secret_names",
    "secrets_scope",
    "settings_scope",
    "takes",
    "tracked",
]

KINDS: Final[Mapping[str, str]] = {"applications": "Application", "appprojects": "AppProject"}
"""Plural → kind of what is declared."""

PART_OF: Final = "app.kubernetes.io/part-of=argocd"
"""The label by which Argo CD's settings are known."""


_DEPLOYED: Final = "deployed"


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """A kind that an Application puts somewhere, in the version that it is written in."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool

    def scope(self, namespace: str) -> Wanted:
        """How it is watched; `namespace` "" = everywhere."""
        return Wanted(self.group, self.version, self.plural, namespace if self.namespaced else "", purpose=MIRROR)


@dataclass(frozen=True, slots=True)
class Orphans:
    """Where an Application wants to know what is nobody's, and of which kinds; "" = nowhere."""

    namespace: str = ""
    kinds: Sequence[Kind] = ()


class Deploys:
    """Which Applications put what into a cluster, and where they look for what is nobody's."""

    def __init__(self, store: Store, cluster: str) -> None:
        self._store, self._cluster, self._pk = store, cluster, _deploys(cluster)

    def put(self, instance: str, key: Key, kinds: Sequence[Kind], orphans: Orphans) -> bool:
        """Note it, and that the Application goes to this cluster now; whether it was not known."""
        data: dict[str, Any] = {"kinds": _told(kinds)}
        if orphans.namespace:
            data["orphans"] = [orphans.namespace, _told(orphans.kinds)]
        before = self._store.get(self._pk, _sk(instance, key))
        if before is not None and before.data == data:
            return False
        where = {"cluster": self._cluster, "instance": instance}
        writes = [Put(Row(self._pk, _sk(instance, key), data)), Put(Row(_DEPLOYED, str(key), where))]
        if orphans.namespace:
            writes.append(Put(Row(_orphans(self._cluster), _sk(orphans.namespace, key))))
        left = _orphans_of(before).namespace
        gone = [Delete(_orphans(self._cluster), _sk(left, key))] if left not in ("", orphans.namespace) else []
        self._store.write([*writes, *gone])
        return True

    def of(self, instance: str, key: Key) -> set[Kind]:
        """The kinds that one of them puts there."""
        row = self._store.get(self._pk, _sk(instance, key))
        return _kinds_of(row) if row is not None else set()

    def applications(self, instance: str = "") -> list[Key]:
        """The Applications whose objects carry a name; "" = all."""
        rows = self._store.query(self._pk, f"{instance}|" if instance else "")
        return [_key(row) for row in rows]

    def awaiting(self, scope: Wanted) -> list[Key]:
        """The Applications that something of this scope is about."""
        return [_key(row) for row in self._store.query(self._pk) if _concerns(scope, row)]

    def watchers(self) -> dict[str, set[Key]]:
        """Namespace → the Applications that want to know what is nobody's there."""
        found: dict[str, set[Key]] = {}
        for row in self._store.query(_orphans(self._cluster)):
            found.setdefault(row.sk.partition("|")[0], set()).add(_key(row))
        return found

    def first(self) -> Key | None:
        """One of all Applications, the same as long as it is there."""
        rows = self._store.query(self._pk, limit=1)
        return _key(rows[0]) if rows else None

    def scopes(self, namespaces: Sequence[str]) -> dict[Wanted, Kind]:
        """How all that somebody puts there, or looks for, is watched; `namespaces`: those that may be, () = all."""
        rows = self._store.query(self._pk)
        found = {kind.scope(place): kind for row in rows for kind in _kinds_of(row) for place in namespaces or ("",)}
        seen = {(scope.group, scope.resource, scope.namespace) for scope in found}
        for asked in map(_orphans_of, rows):
            if namespaces and asked.namespace not in namespaces:
                continue
            for kind in asked.kinds:
                if not {(kind.group, kind.plural, place) for place in ("", asked.namespace)} & seen:
                    found[kind.scope(asked.namespace)] = kind
        return found


def leave(store: Store, key: Key, cluster: str = "", instance: str = "") -> str:
    """Forget what an Application has put into another cluster than this or by another name; which it was, "" for none."""
    row = store.get(_DEPLOYED, str(key))
    if row is None or (row.data["cluster"], row.data["instance"]) == (cluster, instance):
        return ""
    before, sk = str(row.data["cluster"]), _sk(row.data["instance"], key)
    namespace = _orphans_of(store.get(_deploys(before), sk)).namespace
    watched = [Delete(_orphans(before), _sk(namespace, key))] if namespace else []
    store.write([Delete(_deploys(before), sk), Delete(_DEPLOYED, str(key)), *watched])
    return before


def _deploys(cluster: str) -> str:
    return f"deploys/{cluster}"


def _orphans(cluster: str) -> str:
    return f"orphans/{cluster}"


def _sk(name: str, key: Key) -> str:
    return f"{name}|{key}"


def _key(row: Row) -> Key:
    return Key.parse(row.sk.partition("|")[2])


def _told(kinds: Sequence[Kind]) -> list[list[Any]]:
    return [[one.group, one.version, one.plural, one.kind, one.namespaced] for one in sorted(kinds)]


def _kinds_of(row: Row) -> set[Kind]:
    return {Kind(*one) for one in row.data["kinds"]}


def _orphans_of(row: Row | None) -> Orphans:
    if row is None or "orphans" not in row.data:
        return Orphans()
    namespace, kinds = row.data["orphans"]
    return Orphans(namespace, [Kind(*one) for one in kinds])


def _concerns(scope: Wanted, row: Row) -> bool:
    orphans = _orphans_of(row)
    looked = orphans.kinds if scope.namespace in ("", orphans.namespace) else ()
    return any((one.group, one.plural) == (scope.group, scope.resource) for one in (*_kinds_of(row), *looked))


def settings_scope(entry: Entry) -> Wanted:
    """How the settings are watched."""
    return Wanted("", "v1", "configmaps", entry.argocd_namespace, PART_OF, CONTROL)


def secrets_scope(entry: Entry) -> Wanted:
    """How the names of repositories' and clusters' Secrets are known; what they hold comes sealed (`agents.values`)."""
    return Wanted("", "v1", "secrets", entry.argocd_namespace, CONTROL_SELECTOR, CONTROL)


def scopes(store: Store, entry: Entry, *, applications: bool) -> Iterator[Wanted]:
    """What a cluster's agent is to watch for Applications; `applications`: whether it has told of any."""
    control = entry.argocd_namespace
    if entry.door:
        place = "" if entry.application_namespaces else control
        yield Wanted(GROUP, VERSION, "applications", place, purpose=CONTROL)
        yield Wanted(GROUP, VERSION, "appprojects", control, purpose=CONTROL)
        yield settings_scope(entry)
        if applications:
            yield secrets_scope(entry)
    yield from deployed(store, entry)


def deployed(store: Store, entry: Entry) -> dict[Wanted, Kind]:
    """How the kinds are watched that Applications put into a cluster, or look for there."""
    return Deploys(store, entry.name).scopes(entry.namespaces)


def takes(entry: Entry, namespace: str) -> bool:
    """Whether Applications of a namespace are ours to decide on."""
    return namespace == entry.argocd_namespace or any(matches(one, namespace) for one in entry.application_namespaces)


def is_ours(wanted: Wanted) -> bool:
    """Whether a scope is watched for what Applications are decided on, settings included."""
    return wanted.purpose == CONTROL and (
        (wanted.group == GROUP and wanted.resource in KINDS) or wanted.labels in (PART_OF, CONTROL_SELECTOR)
    )


def secret_names(mirror: Mirror, entry: Entry) -> Iterator[tuple[str, str]]:
    """Name and kind of these Secrets that the agent of a cluster has told of, in the order of their names."""
    for place, copy in mirror.all(secrets_scope(entry).key):
        kind = str((((copy.object or {}).get("metadata") or {}).get("labels") or {}).get(KIND_LABEL) or "")
        if kind:
            yield place.split("/", 1)[1], kind


def names_more(wanted: Wanted, item: Item, before: Copy | None) -> bool:
    """Whether the agent may have to watch or tell something else: a first Application, another Secret."""
    known = before is not None and before.object is not None
    return wanted.purpose == CONTROL and (
        (wanted.labels == CONTROL_SELECTOR and known == (item.type == "DELETED"))
        or (wanted.group == GROUP and wanted.resource == "applications" and not known)
    )


def index(cluster: str, tracking: Tracking, item: Item, before: Copy | None) -> list[Put | Delete]:
    """The rows that change because a live object has changed whose it is."""
    was = tracking.owner(before.object) if before is not None and before.object is not None else ""
    now = tracking.owner(item.object) if item.object is not None and item.type != "DELETED" else ""
    sk = f"{item.scope}/{item.namespace}/{item.name}"
    found: list[Put | Delete] = []
    if was and was != now:
        found.append(Delete(_tracked(cluster, was), sk))
    if now and now != was:
        found.append(Put(Row(_tracked(cluster, now), sk, {})))
    return found


def hands(tracking: Tracking, item: Item, before: Copy | None) -> set[str]:
    """Whose an object has been and is, "" for nobody's; empty where it neither comes nor goes nor changes hands."""
    was = before.object if before is not None else None
    now = item.object if item.type != "DELETED" else None
    owners = {None if one is None else tracking.owner(one) for one in (was, now)}
    return {one for one in owners if one is not None} if len(owners) > 1 else set()


def tracked(store: Store, cluster: str, instance: str) -> Iterator[tuple[str, str, str]]:
    """Scope, namespace and name of the live objects that carry a name."""
    for row in store.query(_tracked(cluster, instance)):
        scope, namespace, name = row.sk.split("/", 2)
        yield scope, namespace, name


def _tracked(cluster: str, instance: str) -> str:
    return f"tracked/{cluster}/{instance}"


def concerned(
    store: Store, cluster: str, tracking: Tracking, wanted: Wanted, item: Item, before: Copy | None, mirror: Mirror
) -> Iterator[Key]:
    """The Applications that have to be looked at because `item` has changed."""
    if wanted.purpose == MIRROR:
        objects = [item.object, before.object if before is not None else None]
        for owner in {tracking.owner(one) for one in objects if one is not None} - {""}:
            yield from Deploys(store, cluster).applications(owner)
    elif wanted.labels in (PART_OF, CONTROL_SELECTOR):
        yield from all_applications(cluster, mirror)
    elif wanted.resource == "applications":
        if changed(before, item):
            yield Key(cluster, GROUP, "Application", item.namespace, item.name)
    elif wanted.resource == "appprojects" and changed(before, item):
        yield from all_applications(cluster, mirror, item.name)


def all_applications(cluster: str, mirror: Mirror, project: str = "") -> Iterator[Key]:
    """The Applications of a cluster; `project` "" = of all."""
    for scope, _ in mirror.scopes().values():
        if is_ours(scope) and scope.resource == "applications":
            for place, copy in mirror.all(scope.key):
                named = ((copy.object or {}).get("spec") or {}).get("project") or "default"
                if not project or named == project:
                    yield Key(cluster, GROUP, "Application", *place.split("/", 1))


def changed(before: Copy | None, item: Item) -> bool:
    """Whether it has changed for its controller: not by what that has written itself.

    What asks for something is looked at in any case: that it went, and came again, may have been told as one change.
    """
    if before is None or before.object is None or item.object is None:
        return True
    return _asks(item.object) or _facts(before.object) != _facts(item.object)


def _asks(body: Mapping[str, Any]) -> bool:
    """Whether a comparison, or an operation that has not begun, is asked for."""
    if REFRESH in ((body.get("metadata") or {}).get("annotations") or {}):
        return True
    state = (body.get("status") or {}).get("operationState") or {}
    return bool(body.get("operation")) and state.get("phase") not in ("Running", "Terminating")


def _facts(body: Mapping[str, Any]) -> list[Any]:
    metadata, status = body.get("metadata") or {}, body.get("status") or {}
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != REFRESH}
    found = [body.get("spec"), body.get("operation"), annotations]
    found += [metadata.get(field) for field in ("labels", "finalizers", "deletionTimestamp")]
    # Whoever ends an operation writes so into its state.
    return [*found, (status.get("operationState") or {}).get("phase") == "Terminating"]
