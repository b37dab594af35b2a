"""What each agent is to watch, made of the declarations, and sent when it is no longer what the agent has.

A `resource` event source watches the cluster that it lives in. Where the door is open, declarations of Argo Events' kinds
are watched, too. Of Secrets and ConfigMaps that declarations name, the agent tells the values. Called when declarations have
changed, and at each heartbeat, which tells what the agent has: a lost subscription heals within half a minute.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from argosy.control.agents.scopes import DOOR, EVENTS, Subscription, Wanted
from argosy.control.agents.values import EVERY, Named
from argosy.control.agents.work import group_of
from argosy.control.keys import Key
from argosy.errors import EvaluationError
from argosy.events.sources.resource import subscription
from argosy.gitops.clusters import CLUSTER, FACTS
from argosy.resources.definitions import GROUP, VERSION
from argosy.resources.homes import home_of
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.naming import named_in
from argosy.services.agents.registry import HOME, Entry
from argosy.services.agents.values import ValueRows
from argosy.services.applications.watching import all_applications, secret_names
from argosy.services.applications.watching import scopes as app_scopes
from argosy.services.connections import Connections
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.kinds import KINDS
from argosy.services.rollouts.watching import scopes as rollout_scopes

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["AGENT_KIND", "Subscribing", "agent_key", "lives_in", "wanted_by"]

AGENT_KIND: Final = "Agent"


def agent_key(cluster: str) -> Key:
    """What is woken when a cluster's agent may have to watch something else."""
    return Key(cluster, "argosy.dev", AGENT_KIND, "", cluster)


def lives_in(entry: SourceEntry) -> str:
    """The cluster that an event source watches: its home."""
    return home_of(entry.namespace)[1] or HOME


def wanted_by(entry: SourceEntry) -> Wanted | None:
    """The scope of a `resource` entry, None for one whose labels make no selector (its status says so)."""
    try:
        needed = subscription(entry.entry)
    except EvaluationError:
        return None
    return Wanted(needed.group, needed.version, needed.resource, needed.namespace, needed.selector, EVENTS)


class Subscribing:
    """Subscriptions of one installation's agents."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)
        self._connections = Connections(runtime)

    def expected(self, entry: Entry) -> Subscription:
        """What the agent of a cluster is to watch now."""
        self._declarations.refresh()
        mirror = Mirror(self._runtime.store, self._runtime.blobs, entry.name)
        applications = next(iter(all_applications(entry.name, mirror)), None) is not None
        values, seal_key = self._values(entry, mirror, applications)
        return Subscription.of(
            self._scopes(entry, mirror, applications),
            self.secret_key(entry.name),
            entry.http_namespaces,
            values,
            seal_key,
            self._lines(entry.name),
        )

    def secret_key(self, cluster: str) -> str:
        """What values of Secrets are hashed with before they leave a cluster."""
        return hashlib.sha256(self._runtime.signed(f"secret values of {cluster}")).hexdigest()

    def _lines(self, cluster: str) -> list[list[str]]:
        """The connections that the agent keeps. Those of the home cluster are `argosy up`'s own where that is the hub."""
        if cluster == HOME and self._runtime.place is None:
            return []
        self._connections.refresh()
        return [line.as_json() for line in self._connections.lines(cluster)]

    def subscribe(self, cluster: str, has: str = "") -> bool:
        """Send the subscription unless it is the one of digest `has`; whether it was sent. Raises NotFound."""
        entry = self._runtime.registry.find(cluster)
        expected = self.expected(entry)
        Mirror(self._runtime.store, self._runtime.blobs, cluster).watch(expected.scopes)
        if expected.digest == has:
            return False
        ValueRows(self._runtime.store, cluster).ask(expected.values)
        name = f"subscribe-{uuid.uuid4().hex}"
        self._runtime.errands.tell(cluster, name, "subscribe", expected.as_json(), group_of("subscribe"))
        return True

    def _values(self, entry: Entry, mirror: Mirror, applications: bool) -> tuple[tuple[Named, ...], str]:
        """What the agent is to tell, and the key that it seals for; nothing where there is no such key yet.

        A cluster that this process reaches itself is asked when a value is needed.
        """
        seal_key = self._runtime.signer.sealing_key() if self._runtime.signer is not None else ""
        if entry.way != "agent" or not seal_key:
            return (), ""
        control = {name: FACTS if kind == CLUSTER else EVERY for name, kind in secret_names(mirror, entry)}
        ports = self._runtime.place is None
        named = named_in(self._declarations, entry, control if applications else None, ports=ports)
        return named, seal_key

    def _scopes(self, entry: Entry, mirror: Mirror, applications: bool) -> Iterator[Wanted]:
        if entry.door:
            for namespace in entry.namespaces or ("",):
                yield from (Wanted(GROUP, VERSION, kind.plural, namespace, purpose=DOOR) for kind in KINDS.values())
            yield from rollout_scopes(mirror, entry.namespaces)
        yield from app_scopes(self._runtime.store, entry, applications=applications)
        for source in self._declarations.entries("resource"):
            wanted = wanted_by(source)
            if lives_in(source) == entry.name and wanted is not None:
                yield wanted
