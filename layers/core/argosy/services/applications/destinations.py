"""The clusters that Applications may name: the registered ones, and those of Argo CD's labelled Secrets.

In: the cluster in which an Application lives. Out: what its destination may mean, and what signs in there. A Secret whose
`server` is that of a registered cluster, or `name` that of one whose address nobody knows, says more of it: its address, its
project. Any other one is joined where this process may (`argosy up`): it is registered, and an agent of this process goes by
it; elsewhere nobody here could reach it, which is told. Secrets count in management clusters; in all others that one of the
cluster itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from argosy.errors import NotFound, Unavailable
from argosy.gitops.clusters import Access, ClusterSecret, access_of
from argosy.gitops.projects.permissions import Cluster
from argosy.services.agents.registry import HOME, SECRET, VERSION, Entry
from argosy.services.applications.controlsecrets import texts_of

if TYPE_CHECKING:
    from argosy.services.applications.controlplane import ControlPlane
    from argosy.services.runtime import Runtime

__all__ = ["IN_CLUSTER", "Destinations", "Known"]

IN_CLUSTER: Final = "https://kubernetes.default.svc"
_LONGEST: Final = 31
_GOOD_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Known:
    """A cluster as destinations name it, and by its name here. `problem`: why nothing can be put there.

    `namespaces` and `cluster_resources`: see `gitops.clusters.unmanaged`.
    """

    cluster: Cluster
    name: str
    problem: str = ""
    namespaces: tuple[str, ...] = ()
    cluster_resources: bool = False


class Destinations:
    """Those of all clusters of an installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._read: dict[str, tuple[float, str, Sequence[ClusterSecret]]] = {}

    def of(self, plane: ControlPlane) -> Sequence[Known]:
        """What an Application of a cluster may name. Raises Unavailable while a Secret cannot be read."""
        home, secrets = plane.entry, self._secrets(plane)
        own = next((one for one in secrets if one.server == IN_CLUSTER), ClusterSecret("", HOME, IN_CLUSTER))
        found = [_known(own, home.name)]
        if home.management:
            found += self._others(home, [one for one in secrets if one.server != IN_CLUSTER])
        return found

    def access(self, joined: Entry) -> Access:
        """What signs in at a cluster that was joined, as its Secret was then.

        Raises what reading it raises, and Unavailable when it has changed since: its address may be another.
        """
        home, namespace, name = joined.settings[SECRET].split("/")
        secret = self._runtime.clusters.named(home, "clusters").get("v1", "Secret", namespace, name)
        if str(secret["metadata"]["resourceVersion"]) != joined.settings[VERSION]:
            raise Unavailable(
                f"Secret {namespace}/{name} of cluster {joined.name} has changed: it is looked at again soon"
            )
        return access_of(texts_of(secret).get("config", ""))

    def _others(self, home: Entry, secrets: Sequence[ClusterSecret]) -> Iterator[Known]:
        entries = {one.name: one for one in self._runtime.registry.all() if one.name != home.name}
        named: set[str] = set()
        for secret in secrets:
            entry = _registered(secret, entries)
            if entry is not None:
                named.add(entry.name)
                yield _known(secret, entry.name)
            elif secret.problem:
                yield _known(secret, "", secret.problem)
            elif self._joins(home):
                taken = {**entries, **dict.fromkeys([home.name, *named])}
                name = _name(secret, taken, place := _place(home, secret))
                named.add(name)
                self._join(entries.get(name), _joined(name, place, secret))
                yield _known(secret, name)
            else:
                yield _known(secret, "", _out_of_reach(home, secret))
        for entry in entries.values():
            if entry.name in named:
                continue
            if entry.settings.get(SECRET, "").startswith(f"{home.name}/"):
                self._leave(entry)
            elif SECRET not in entry.settings:
                server = entry.settings.get("server") or f"argosy://{entry.name}"
                yield Known(Cluster(server.rstrip("/"), entry.name), entry.name)

    def _joins(self, home: Entry) -> bool:
        return self._runtime.joins and home.way == "home"

    def _join(self, before: Entry | None, entry: Entry) -> None:
        if before != entry:
            self._runtime.registry.add(entry, replace=True)

    def _leave(self, entry: Entry) -> None:
        """The Secret is gone."""
        from argosy.services.agents.administration import Administration

        with contextlib.suppress(NotFound):  # somebody else was first
            Administration(self._runtime).remove(entry.name, f"Secret {entry.settings[SECRET]}")

    def _secrets(self, plane: ControlPlane) -> Sequence[ClusterSecret]:
        """Those of a cluster that this process asks itself are read anew when a change was heard of, or after a while."""
        control, home = self._runtime.applications.secrets, plane.entry
        if home.way == "agent":
            return control.clusters(home)
        version, now = plane.secrets_version, time.monotonic()
        read, before, known = self._read.get(home.name, (-_GOOD_SECONDS, "", ()))
        if version != before or now - read >= _GOOD_SECONDS:
            try:
                known = control.clusters(home)
            except Unavailable:
                if home.name not in self._read:
                    raise
            else:
                self._read[home.name] = now, version, known
        return known


def _known(secret: ClusterSecret, name: str, problem: str = "") -> Known:
    cluster = Cluster(secret.server, secret.name, secret.project)
    return Known(cluster, name, problem, secret.namespaces, secret.cluster_resources)


def _registered(secret: ClusterSecret, entries: Mapping[str, Entry]) -> Entry | None:
    """The cluster that somebody has registered by the same address, or where none is known by the same name."""
    known = [
        (one.settings.get("server", "").rstrip("/"), one) for one in entries.values() if SECRET not in one.settings
    ]
    there = [one for server, one in known if server and server == secret.server]
    named = [one for server, one in known if not server and one.name == secret.name]
    return next(iter([*there, *named]), None)


def _place(home: Entry, secret: ClusterSecret) -> str:
    return f"{home.name}/{home.argocd_namespace}/{secret.secret}"


def _joined(name: str, place: str, secret: ClusterSecret) -> Entry:
    settings = {SECRET: place, VERSION: secret.version, "server": secret.server}
    return Entry(name, "agent", settings, door=False, namespaces=secret.namespaces)


def _name(secret: ClusterSecret, taken: Mapping[str, Entry | None], place: str) -> str:
    """The name of the Secret's cluster here: its own, where that can be a name and is nobody else's."""
    plain = re.sub("[^a-z0-9]+", "-", secret.name.lower()).strip("-")[:_LONGEST].strip("-")
    holder = taken.get(plain)
    free = plain not in taken or (holder is not None and holder.settings.get(SECRET) == place)
    if plain == secret.name and free:
        return plain
    return f"{plain or 'cluster'}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _out_of_reach(home: Entry, secret: ClusterSecret) -> str:
    return (
        f"cluster {secret.name} ({secret.server}) is named by Secret {home.argocd_namespace}/{secret.secret}, by which "
        "nobody here reaches it: put an agent into it (argosy cluster add --agent NAME, where NAME is the Secret's `name`)"
    )
