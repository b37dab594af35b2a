"""The clusters of an installation: a row each (pk `clusters`, sk the name).

`way` says how it is reached: `home` (the cluster that `argosy up` was given, or the first of the stack's EKS clusters),
`agent`, `eks` (an ARN, with a role to assume), `server` (a URL with a token or a client certificate, which lie with the
secrets). `management`: its declarations may name other clusters; the home cluster is one. Written by `argosy cluster`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from argosy.errors import AlreadyExists, Conflict, InvalidObject, NotFound
from argosy.ports.store import ABSENT, Delete, Put, Row, Store

__all__ = ["AGENTS_PK", "CLUSTERS_PK", "DIRECT", "HOME", "SECRET", "VERSION", "WAYS", "Entry", "Registry"]

CLUSTERS_PK: Final = "clusters"
AGENTS_PK: Final = "agents"
"""Where each agent's last heartbeat lies, by cluster."""

HOME: Final = "in-cluster"
"""The name of the home cluster, as Argo CD has it."""

_LISTS: Final = ("http_namespaces", "namespaces", "application_namespaces")
WAYS: Final = ("home", "agent", "eks", "server")
DIRECT: Final = ("eks", "server")
"""The ways to a cluster in which no agent stands."""

SECRET: Final = "secret"  # noqa: S105 - where the credential is, not what
VERSION: Final = "version"
"""Settings of a cluster that was joined: the Secret that it is by, and its resourceVersion."""

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """A cluster; `claimed`: its declarations are ours even beside a living Argo. `namespaces`: where declarations
    count, () = everywhere. `instance_id`: which objects of Argo Rollouts are ours, by their label, as its `--instance-id`.
    `argocd_namespace`: where Argo CD's projects, settings and Applications are; `application_namespaces`: globs of where
    Applications may be besides (its `--application-namespaces`).

    `settings` are those of its way: `arn`, `role_arn`, `external_id`; `server`, `ca`; of an agent of `argosy up` the
    kubeconfig's `context`, or the `secret` of Argo CD's (CLUSTER/NAMESPACE/NAME, its `version`) by which it was joined.
    """

    name: str
    way: str
    settings: Mapping[str, str] = field(default_factory=dict)
    management: bool = False
    door: bool = True
    http_namespaces: tuple[str, ...] = ()
    added: str = ""
    claimed: bool = False
    namespaces: tuple[str, ...] = ()
    instance_id: str = ""
    argocd_namespace: str = "argocd"
    application_namespaces: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises InvalidObject for a name or way that is none."""
        if not _NAME.match(self.name):
            raise InvalidObject(
                f"{self.name!r} cannot name a cluster: up to 40 lower-case letters, digits and -", obj="cluster"
            )
        if self.way not in WAYS:
            raise InvalidObject(f"{self.way!r} is no way to a cluster; known: {', '.join(WAYS)}", obj=self.name)

    @property
    def watched(self) -> bool:
        """Whether an agent stands in it."""
        return self.way not in DIRECT


class Registry:
    """The rows; `home`: whether this installation has a home cluster, which need not be registered."""

    def __init__(self, store: Store, *, home: Entry | None = None) -> None:
        self._store, self._home = store, home

    def find(self, name: str) -> Entry:
        """The cluster of a name, "" for the home cluster. Raises NotFound with the names that there are."""
        wanted = name or HOME
        row = self._store.get(CLUSTERS_PK, wanted)
        if row is not None:
            return _entry(row)
        if wanted == HOME and self._home is not None:
            return self._home
        known = ", ".join(entry.name for entry in self.all()) or "none"
        raise NotFound(f"no cluster is called {wanted!r}; known: {known} (argosy cluster add)")

    def way(self, name: str) -> str:
        """How the cluster of a name is reached, "" for one that is not known; one small read."""
        wanted = name or HOME
        row = self._store.get(CLUSTERS_PK, wanted)
        if row is not None:
            return _entry(row).way
        return self._home.way if wanted == HOME and self._home is not None else ""

    def all(self) -> Sequence[Entry]:
        """Every cluster, the home cluster first."""
        rows = {row.sk: _entry(row) for row in self._store.query(CLUSTERS_PK)}
        if self._home is not None:
            rows = {HOME: self._home} | rows
        return list(rows.values())

    def add(self, entry: Entry, *, replace: bool = False) -> None:
        """Register a cluster. Raises AlreadyExists for a name that is taken, unless it is to be replaced."""
        data = {name: value for name, value in asdict(entry).items() if name != "name"}
        lists = {name: list(getattr(entry, name)) for name in _LISTS}
        row = Row(CLUSTERS_PK, entry.name, data | lists)
        try:
            self._store.write([Put(row, expect=None if replace else ABSENT)])
        except Conflict as x:
            raise AlreadyExists(f"a cluster is called {entry.name} already; --upsert replaces it") from x

    def remove(self, name: str) -> None:
        """Forget a cluster. Raises NotFound."""
        if self._store.get(CLUSTERS_PK, name) is None:
            self.find(name)  # raises with the names, but for the home cluster
            raise InvalidObject("is the home cluster of this installation, and cannot be removed", obj=name)
        self._store.write([Delete(CLUSTERS_PK, name)])


def _entry(row: Row) -> Entry:
    known: dict[str, Any] = {name: value for name, value in row.data.items() if name in Entry.__dataclass_fields__}
    return Entry(row.sk, **{**known, **{name: tuple(known.get(name) or ()) for name in _LISTS}})
