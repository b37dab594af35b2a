"""What agents watch so that Applications can be decided on, and which Applications a change wakes.

Applications, projects and settings are watched where a cluster's door is open. Of all else, the kinds that some Application
puts there, and no others. Rows tell who has what: `deploys/<cluster>` which kinds an Application puts into a cluster, by the
name that its objects carry; `tracked/<cluster>/<that name>` the live objects that carry it. So a reconcile reads its own
objects, and nobody lists a cluster. `deployed` has to which cluster an Application goes, and by which name.
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
    "all_applications",
    "changed",
    "concerned",
    "deployed",
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


class Deploys:
    """Which Applications put what into a cluster."""

    def __init__(self, store: Store, cluster: str) -> None:
        self._store, self._cluster, self._pk = store, cluster, _deploys(cluster)

    def put(self, instance: str, key: Key, kinds: Sequence[Kind]) -> bool:
        """Note it, and that the Application goes to this cluster now; whether it was not known."""
        data = {"kinds": [[one.group, one.version, one.plural, one.kind, one.namespaced] for one in sorted(kinds)]}
        before = self._store.get(self._pk, _sk(instance, key))
        if before is not None and before.data == data:
            return False
        where = {"cluster": self._cluster, "instance": instance}
        self._store.write([Put(Row(self._pk, _sk(instance, key), data)), Put(Row(_DEPLOYED, str(key), where))])
        return True

    def of(self, instance: str, key: Key) -> set[Kind]:
        """The kinds that one of them puts there."""
        row = self._store.get(self._pk, _sk(instance, key))
        return {Kind(*one) for one in row.data["kinds"]} if row is not None else set()

    def applications(self, instance: str = "") -> list[Key]:
        """The Applications whose objects carry a name; "" = all."""
        rows = self._store.query(self._pk, f"{instance}|" if instance else "")
        return [Key.parse(row.sk.partition("|")[2]) for row in rows]

    def first(self) -> Key | None:
        """One of all Applications, the same as long as it is there."""
        rows = self._store.query(self._pk, limit=1)
        return Key.parse(rows[0].sk.partition("|")[2]) if rows else None

    def kinds(self) -> set[Kind]:
        """All kinds that anybody puts there."""
        return {Kind(*one) for row in self._store.query(self._pk) for one in row.data["kinds"]}


def leave(store: Store, key: Key, cluster: str = "", instance: str = "") -> str:
    """Forget what an Application has put into another cluster than this or by another name; which it was, "" for none."""
    row = store.get(_DEPLOYED, str(key))
    if row is None or (row.data["cluster"], row.data["instance"]) == (cluster, instance):
        return ""
    before = str(row.data["cluster"])
    store.write([Delete(_deploys(before), _sk(row.data["instance"], key)), Delete(_DEPLOYED, str(key))])
    return before


def _deploys(cluster: str) -> str:
    return f"deploys/{cluster}"


def _sk(instance: str, key: Key) -> str:
    return f"{instance}|{key}"


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
    """How the kinds are watched that Applications put into a cluster."""
    places = entry.namespaces or ("",)
    return {kind.scope(place): kind for kind in Deploys(store, entry.name).kinds() for place in places}


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
