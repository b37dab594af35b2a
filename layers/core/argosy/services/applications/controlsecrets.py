"""Secrets of the namespace that controls Applications, wherever the cluster that has it is: `argocd-secret`, and those of
repositories and clusters.

In: a cluster and a name. Out: texts by key. A cluster that this process reaches is asked; of one behind an agent it is what
the agent has told, opened here and kept nowhere but in memory (docs/decisions/0014).
"""

from __future__ import annotations

import base64
import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson

from argosy.control.agents.reports import error_of
from argosy.control.agents.scopes import Wanted
from argosy.control.agents.values import CONTROL, Place, Told, context_of
from argosy.errors import ArgosyError, EvaluationError, NotFound, Permanent, Unavailable
from argosy.gitops.clusters import CLUSTER, ClusterSecret
from argosy.gitops.repositories import CONFIG_MAPS, KIND_LABEL, SECRET_KINDS, SELECTOR, RepositorySecret
from argosy.gitops.settings import CONTROL_SECRET
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.values import Known, ValueRows
from argosy.services.applications.recent import Recent
from argosy.services.applications.watching import secret_names, secrets_scope, settings_scope

if TYPE_CHECKING:
    from argosy.ports.cluster import Cluster
    from argosy.services.agents.registry import Entry
    from argosy.services.runtime import Runtime

__all__ = ["ControlSecrets", "cluster_secrets", "repository_secrets", "secret_of", "texts_of"]

_OPENED: Final = 2000
_SOON: Final = 5.0
_log = logging.getLogger("argosy.applications")


class ControlSecrets:
    """Those of all clusters of an installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._opened: Recent[str, Mapping[str, str]] = Recent(_OPENED)

    def setting(self, entry: Entry, key: str) -> str:
        """A value of `argocd-secret`, "" for one that is not there. Raises Unavailable, Denied, EvaluationError."""
        return self._data(entry, CONTROL_SECRET).get(key, "").strip()

    def repositories(self, entry: Entry) -> Sequence[RepositorySecret]:
        """The Secrets that are for repositories. Raises Unavailable, EvaluationError for one that holds no text."""
        if entry.way != "agent":
            return repository_secrets(self._runtime.clusters.named(entry.name, "repositories"), entry.argocd_namespace)
        rows = ValueRows(self._runtime.store, entry.name).all(CONTROL, entry.argocd_namespace)
        mirror = Mirror(self._runtime.store, self._runtime.blobs, entry.name)
        found = []
        for name, kind in secret_names(mirror, entry):
            if kind not in SECRET_KINDS:
                continue
            try:
                found.append(RepositorySecret(kind, self._told(entry, name, rows.get(name))))
            except ArgosyError as x:
                # Once it has been told, all Applications of the cluster are looked at again.
                _log.warning(
                    "Secret %s/%s of cluster %s counts for nothing: %s", entry.argocd_namespace, name, entry.name, x
                )
        return [*found, *self._known_of_hosts(entry, mirror)]

    def clusters(self, entry: Entry) -> Sequence[ClusterSecret]:
        """The Secrets that are for clusters; of those behind an agent without what signs in.

        Raises Unavailable for one that has not been told yet: nobody may take its cluster for one that is gone.
        """
        if entry.way != "agent":
            return cluster_secrets(self._runtime.clusters.named(entry.name, "clusters"), entry.argocd_namespace)
        mirror = Mirror(self._runtime.store, self._runtime.blobs, entry.name)
        names = [name for name, kind in secret_names(mirror, entry) if kind == CLUSTER]
        rows = ValueRows(self._runtime.store, entry.name).all(CONTROL, entry.argocd_namespace) if names else {}
        return [self._cluster(entry, name, rows.get(name)) for name in names]

    def _cluster(self, entry: Entry, name: str, known: Known | None) -> ClusterSecret:
        try:
            return ClusterSecret.of(name, self._told(entry, name, known))
        except NotFound as x:
            raise Unavailable(str(x), delay=_SOON) from x
        except Permanent as x:
            return ClusterSecret(name, problem=f"Secret {entry.argocd_namespace}/{name} of a cluster: {x}")

    def version(self, entry: Entry, mirror: Mirror, scopes: Mapping[str, tuple[Wanted, str]]) -> str:
        """Another one when the Secrets, or what is known of hosts, may have changed; "" when nobody can tell.

        `mirror`: of the cluster, `scopes`: what is watched there.
        """
        scope = secrets_scope(entry)
        _, listed = scopes.get(scope.key, (scope, ""))
        if not listed:
            return ""
        copies = [*(copy for _, copy in mirror.all(scope.key)), *_maps(entry, mirror).values()]
        return f"{listed} {[(copy.uid, copy.version, copy.object is None) for copy in copies]}"

    def _known_of_hosts(self, entry: Entry, mirror: Mirror) -> Iterator[RepositorySecret]:
        """What the agent has reported with the settings."""
        for kind, copy in _maps(entry, mirror).items():
            if copy.object is not None:
                yield RepositorySecret(kind, copy.object.get("data") or {})

    def _data(self, entry: Entry, name: str) -> Mapping[str, str]:
        try:
            if entry.way == "agent":
                place = Place.control(entry.argocd_namespace, name)
                return self._told(entry, name, ValueRows(self._runtime.store, entry.name).find(place))
            body = self._runtime.clusters.named(entry.name, "control secret").get(
                "v1", "Secret", entry.argocd_namespace, name
            )
        except NotFound:
            return {}
        return texts_of(body)

    def _told(self, entry: Entry, name: str, known: Known | None) -> Mapping[str, str]:
        """Raises NotFound, Unavailable for what has not been told yet, and what the agent was told when it read."""
        if known is None:
            raise NotFound(f"the agent of cluster {entry.name} was not asked for Secret {name}")
        if known.told is None:
            raise Unavailable(f"cluster {entry.name}: its agent has not told Secret {name} yet", delay=_SOON)
        if known.told.problem is not None:
            raise error_of(known.told.problem)
        return self._texts(entry, known.told) if known.told.sealed else {}

    def _texts(self, entry: Entry, told: Told) -> Mapping[str, str]:
        known = self._opened.get(told.sealed)
        if known is None:
            if self._runtime.opener is None:
                raise EvaluationError(f"this process opens nothing that agents have sealed: {told.place.key}")
            data = self._runtime.opener.open(told.sealed, context_of(entry.name, told.place))
            known = _texts(told.place.namespace, told.place.name, orjson.loads(data))
            self._opened.put(told.sealed, known)
        return known


def _maps(entry: Entry, mirror: Mirror) -> Mapping[str, Copy]:
    """What is known of hosts, by its kind: ConfigMaps that are watched with the settings."""
    scope = settings_scope(entry).key
    places = {kind: (scope, entry.argocd_namespace, name) for kind, name in CONFIG_MAPS.items()}
    found = mirror.find_all(places.values())
    return {kind: found[place] for kind, place in places.items() if place in found}


def repository_secrets(cluster: Cluster, namespace: str) -> Sequence[RepositorySecret]:
    """The Secrets of a control namespace that are for repositories, and what is known of hosts.

    Raises EvaluationError for one that holds no text.
    """
    found = cluster.list("v1", "Secret", namespace, label_selector=SELECTOR)
    secrets = [secret_of(one) for one in sorted(found, key=lambda one: str(one["metadata"]["name"]))]
    for kind, name in CONFIG_MAPS.items():
        with contextlib.suppress(NotFound):
            data = cluster.get("v1", "ConfigMap", namespace, name).get("data") or {}
            secrets.append(RepositorySecret(kind, data))
    return secrets


def cluster_secrets(cluster: Cluster, namespace: str) -> Sequence[ClusterSecret]:
    """The Secrets of a control namespace that are for clusters."""
    found = cluster.list("v1", "Secret", namespace, label_selector=f"{KIND_LABEL}={CLUSTER}")
    return [_cluster_of(one) for one in sorted(found, key=lambda one: str(one["metadata"]["name"]))]


def _cluster_of(body: Mapping[str, Any]) -> ClusterSecret:
    metadata = body["metadata"]
    name = str(metadata["name"])
    try:
        data = texts_of(body)
    except EvaluationError as x:
        return ClusterSecret(name, problem=str(x))
    return ClusterSecret.of(name, data, str(metadata["resourceVersion"]))


def secret_of(body: Mapping[str, Any]) -> RepositorySecret:
    """A Secret of the API as what it says. Raises EvaluationError for one that holds no text."""
    return RepositorySecret(body["metadata"]["labels"][KIND_LABEL], texts_of(body))


def texts_of(body: Mapping[str, Any]) -> Mapping[str, str]:
    """What a Secret of the API holds. Raises EvaluationError for what is no text."""
    metadata = body["metadata"]
    return _texts(metadata["namespace"], metadata["name"], body.get("data") or {})


def _texts(namespace: str, name: str, data: Mapping[str, Any]) -> Mapping[str, str]:
    try:
        return {key: base64.b64decode(value or "").decode() for key, value in data.items()}
    except ValueError:
        # Without the cause: its text quotes the value.
        raise EvaluationError(f"Secret {namespace}/{name} holds what is no text") from None
