"""What is declared for connectors, and what they tell of their connections.

One row for each line that has been told of (pk `connections`, sk `<namespace>/<event source>/<event>`): `problem` is what is
wrong with it, "" once it is connected. Written by whoever runs the line, read for the status of its EventSource.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from argosy.control.keys import Key
from argosy.control.lines import Line, Taken
from argosy.ports.queue import Outgoing
from argosy.ports.store import MAX_WRITES, Delete, Put, Row, Store
from argosy.resources.definitions import GROUP
from argosy.resources.homes import home_of
from argosy.services.agents.registry import HOME
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.eventids import same_event_id
from argosy.services.receive import bus_message

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["CONNECTIONS_PK", "Connections", "cluster_of", "connection_states", "line_of"]

CONNECTIONS_PK: Final = "connections"


def line_of(entry: SourceEntry) -> Line:
    """The line of an entry that a connection feeds."""
    return Line.of(entry.key, entry.kind, entry.account, entry.entry)


class Connections:
    """The lines of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)
        self._entries: Mapping[str, SourceEntry] = {}
        self._of = -1

    def refresh(self) -> int:
        """Take in what has changed in the declarations; a number that grows with them."""
        self._declarations.refresh()
        if self._of != self._declarations.version:
            self._entries = {entry.key: entry for entry in self._declarations.connected_entries()}
            self._of = self._declarations.version
        return self._of

    def lines(self, cluster: str) -> list[Line]:
        """Those of a cluster's declarations; the installation's own are with those of the home cluster."""
        return [line_of(entry) for key, entry in self._entries.items() if cluster_of(key) == cluster]

    def messages(self, cluster: str, key: str, events: Sequence[Taken]) -> list[Outgoing]:
        """Bus messages of events of a line; none of one that is no longer declared, or not in this cluster."""
        entry = self._entries.get(key)
        if entry is None or cluster_of(key) != cluster:
            return []
        return [
            bus_message(
                self._runtime,
                entry.namespace,
                entry.bus,
                entry.kind,
                entry.source,
                entry.event,
                same_event_id(key, one.origin),
                one.data,
            )
            for one in events
        ]

    def told(self, cluster: str, problems: Mapping[str, str]) -> None:
        """Keep what is wrong with the lines of a cluster; those that are not among `problems` are no longer there.

        Where the EventSource is declared in a cluster, its status there is looked at anew.
        """
        store = self._runtime.store
        rows = {row.sk: row for row in store.query(CONNECTIONS_PK) if cluster_of(row.sk) == cluster}
        changed: list[Put | Delete] = [
            Put(Row(CONNECTIONS_PK, key, {"problem": problem}))
            for key, problem in problems.items()
            if key not in rows or rows[key].data.get("problem") != problem
        ]
        changed += [Delete(CONNECTIONS_PK, key) for key in rows if key not in problems]
        for start in range(0, len(changed), MAX_WRITES):
            store.write(changed[start : start + MAX_WRITES])
        touched = [change.row.sk if isinstance(change, Put) else change.sk for change in changed]
        for place in sorted({key.rpartition("/")[0] for key in touched}):
            self._look_again(*place.split("/", 1))

    def _look_again(self, namespace: str, name: str) -> None:
        _, home = self._runtime.objects.find("EventSource", namespace, name)
        if home:
            own, cluster = home_of(namespace)
            self._runtime.door_wakes.wake(str(Key(cluster or HOME, GROUP, "EventSource", own, name)))


def cluster_of(key: str) -> str:
    """The cluster that a line's key lives in."""
    return home_of(key.partition("/")[0])[1] or HOME


def connection_states(store: Store, namespace: str, name: str) -> Mapping[str, str]:
    """The connections of an event source that are, or were, run, by event name: what is wrong with each, "" = nothing."""
    rows = store.query(CONNECTIONS_PK, f"{namespace}/{name}/")
    return {row.sk.rpartition("/")[2]: str(row.data.get("problem", "")) for row in rows}
