"""Clusters by name: what a sensor or a controller writes to, whatever the way.

A cluster that this process reaches is handed on as it is; one behind an agent becomes a `RemoteCluster`. Who lives in a
cluster that is no management cluster acts on that cluster alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from argosy.control.agents.units import unit_to_json
from argosy.control.agents.work import group_of
from argosy.control.effects import Outcome, Unit, Version
from argosy.control.keys import Key
from argosy.control.units import Carrier, Direct
from argosy.control.writing import ClusterWriter
from argosy.errors import Denied, NotFound
from argosy.ports.cluster import Cluster
from argosy.ports.executor import FiringInfo
from argosy.resources.homes import home_of
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import HOME, Entry
from argosy.services.agents.remote import RemoteCluster

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["Clusters"]


class Clusters:
    """The clusters of one installation; `direct` connects to one that is reached without an agent."""

    def __init__(self, runtime: Runtime, direct: Callable[[Entry], Cluster], *, patience: float = 2.0) -> None:
        self._runtime, self._direct, self._patience = runtime, direct, patience
        self._known: dict[str, tuple[Entry, Cluster]] = {}
        self._writers: dict[str, tuple[Cluster, ClusterWriter]] = {}

    def named(self, name: str, purpose: str) -> Cluster:
        """The cluster of a name, "" = home. `purpose`: what asks; the same who asks again is given the same answers.

        Raises NotFound.
        """
        entry = self._runtime.registry.find(name)
        if entry.way != "agent":
            return self._reached(entry)
        mirror = Mirror(self._runtime.store, self._runtime.blobs, entry.name)
        return RemoteCluster(
            entry.name, self._runtime.errands, mirror, self._runtime.clock, purpose, patience=self._patience
        )

    def of_firing(self, firing: FiringInfo, name: str) -> Cluster:
        """The cluster that a trigger writes to: the one that it names, else its sensor's home. Raises Denied, NotFound."""
        home = home_of(firing.namespace)[1]
        if name and name != (home or HOME) and not self._manages(home):
            raise Denied(
                f"cluster {home or HOME} is no management cluster: its sensors act on it alone, not on {name} "
                "(argosy cluster set NAME --management)"
            )
        try:
            return self.named(name or home, f"{firing.id}/{firing.attempt}/{firing.look}")
        except NotFound as x:
            if name or home:
                raise
            raise NotFound(
                "k8s and argoWorkflow triggers need a cluster, and this installation has none of its own: start argosy up "
                "with --cluster, or add one (argosy cluster add) and name it in the trigger's field `cluster`"
            ) from x

    def _manages(self, home: str) -> bool:
        """Whether what lives in a cluster may act on others; what was applied to an installation without one may."""
        try:
            return self._runtime.registry.find(home).management
        except NotFound:
            if home:
                raise
            return True

    def carrier(self, key: Key, wrote: Callable[[Key, Mapping[str, Any]], None] | None = None) -> Carrier | None:
        """Brings the writes of the object's controller to its cluster, None for one that was removed.

        `wrote` is told what this process has written.
        """
        try:
            entry = self._runtime.registry.find(key.cluster)
        except NotFound:
            return None
        if entry.way != "agent":
            return Direct(
                self._writer(self._reached(entry), f"{entry.name}{'+' if wrote else ''}", wrote), self._runtime.aside
            )
        return _AgentCarrier(self._runtime, entry.name, key)

    def _writer(
        self, cluster: Cluster, name: str, wrote: Callable[[Key, Mapping[str, Any]], None] | None
    ) -> ClusterWriter:
        """One for each cluster: it knows which kinds are served."""
        known = self._writers.get(name)
        if known is None or known[0] is not cluster:
            known = self._writers[name] = cluster, ClusterWriter(cluster, wrote)
        return known[1]

    def _reached(self, entry: Entry) -> Cluster:
        known = self._known.get(entry.name)
        if known is None or known[0] != entry:
            known = self._known[entry.name] = (entry, self._direct(entry))
        return known[1]


class _AgentCarrier:
    """See `control.units.Carrier`: units go to the agent, their outcomes come by the inbox."""

    answers_later = True

    def __init__(self, runtime: Runtime, cluster: str, key: Key) -> None:
        self._runtime, self._cluster, self._key = runtime, cluster, key

    def is_current(self, read: Mapping[Key, Version | None]) -> bool:
        """What was read is the hub's copy, which is as current as it gets here; the agent looks at the objects."""
        del read
        return True

    def carry(self, unit: Unit) -> Outcome:
        """See `Carrier.carry`."""
        group = group_of(str(self._key))
        self._runtime.errands.send(self._cluster, unit.id, "unit", unit_to_json(unit), group, answers=str(self._key))
        return Outcome()
