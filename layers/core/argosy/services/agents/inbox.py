"""Takes in what agents report: changes become events and copies, inventories show what was missed, results find who waits.

In: the name of a cluster, which the queue has told, and a report. Called by functions/agent_inbox, one message of a FIFO
group after the other. Events are on the bus before the copy says that the change is known, so a crash repeats them under
the same id, and nothing is lost; a report that comes twice is known by its copy.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from argosy.control.agents.reports import Item, event_id
from argosy.control.agents.scopes import DOOR, EVENTS, Wanted
from argosy.control.agents.work import group_of
from argosy.control.effects import Outcome
from argosy.control.keys import Key
from argosy.errors import Conflict, EvaluationError, NotFound
from argosy.events.jsontext import write_json
from argosy.events.sources import resource
from argosy.ports.queue import Outgoing
from argosy.ports.store import Delete, Put, Row
from argosy.resources.definitions import GROUP
from argosy.services.agents.doors import door_kind, door_loop
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.agents.registry import AGENTS_PK
from argosy.services.agents.subscribing import lives_in, wanted_by
from argosy.services.aside import or_set_aside
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.mail import unpack
from argosy.services.queues import AGENT_REPORTS, BUS
from argosy.services.receive import bus_message

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["AGENTS_PK", "Inbox", "agents", "forget"]

_TYPES: Final = {"ADDED": "ADD", "MODIFIED": "UPDATE", "DELETED": "DELETE"}
_MOST_WRITES: Final = 40
_TRIES: Final = 4
_MOST_WANTED: Final = 2000


class Inbox:
    """Reports of one installation's agents."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)
        self._entries: dict[tuple[str, str], list[SourceEntry]] = {}
        self._entries_of = -1

    def handle(self, cluster: str, body: str) -> None:
        """Do what a message says; one that is none of an agent's is set aside. Raises Unavailable, Conflict."""
        or_set_aside(self._runtime, AGENT_REPORTS, body, lambda: self._handle(cluster, body))

    def _handle(self, cluster: str, body: str) -> None:
        try:
            report = unpack(body, agent_blobs(self._runtime.blobs, cluster))
        except NotFound as x:
            raise EvaluationError(f"a report whose blob is gone: {x}") from x
        kind = str(report.get("report")) if isinstance(report, dict) else ""
        does: Mapping[str, Callable[[str, dict[str, Any]], None]] = {
            "changes": self._changes,
            "inventory": self._inventory,
            "result": self._result,
            "heartbeat": self._heartbeat,
        }
        if kind not in does:
            raise EvaluationError(f"not a report of an agent: {kind!r:.40}")
        try:
            self._runtime.registry.find(cluster)
        except NotFound as x:
            raise EvaluationError(f"a cluster that was removed reports to nobody: {x}") from x
        try:
            does[kind](cluster, report)
        except (KeyError, TypeError, ValueError, AttributeError) as x:
            raise EvaluationError(f"not a report of this release: {kind}: {type(x).__name__} {x}") from x

    # Changes

    def _changes(self, cluster: str, report: dict[str, Any]) -> None:
        items = [Item.from_json(one) for one in report["items"]]
        for start in range(0, len(items), _MOST_WRITES):
            self._changed(cluster, items[start : start + _MOST_WRITES])

    def _changed(self, cluster: str, items: Sequence[Item]) -> None:
        """Some changes; a race with another group's (an inventory's) is run again at once, under the same ids."""
        for left in reversed(range(_TRIES)):
            try:
                self._some(cluster, items)
            except Conflict:
                if not left:
                    raise
            else:
                return

    def _some(self, cluster: str, items: Sequence[Item]) -> None:
        """Publish the events of some changes, then write the copies, with the wakes of whom they concern."""
        mirror = Mirror(self._runtime.store, self._runtime.blobs, cluster)
        scopes = mirror.scopes()
        copies: dict[tuple[str, str, str], Copy | None] = {}
        writes: dict[tuple[str, str, str], Put] = {}
        events: list[Outgoing] = []
        wakes: dict[str, Key] = {}
        for item in items:
            if item.scope not in scopes:
                continue  # nobody watches it any more
            wanted = scopes[item.scope][0]
            place = (item.scope, item.namespace, item.name)
            before = copies[place] if place in copies else mirror.find(*place)
            if before is not None and before.knows(item):
                copies[place] = before
                continue
            again = before is not None and before.lost and (before.uid, before.version) == (item.uid, item.version)
            if wanted.purpose == EVENTS and not again:
                events += self._events(cluster, item, before)
            if not (before is not None and before.uid != item.uid and item.version < before.version):
                writes[place] = mirror.put(item, before, self._now().timestamp())
                if wanted.purpose == DOOR and (key := _door_key(cluster, wanted, item, before, writes[place])):
                    wakes[str(key)] = key
                row = before.row if before is not None else 0
                copies[place] = Copy(item.uid, item.version, dict(item.object) if item.object else None, "", row)
        if events:
            self._runtime.queue.send(BUS, events)
        if writes:
            self._runtime.store.write([*writes.values(), *(self._runtime.door_wakes.row(key) for key in wakes)])
        if wakes:
            self._runtime.door_wakes.send(list(wakes))

    def _events(self, cluster: str, item: Item, before: Copy | None) -> Iterator[Outgoing]:
        """What a change is to the event sources that watch it."""
        obj = item.object if item.object is not None else before.object if before is not None else None
        if obj is None:
            return
        kind = _TYPES[item.type]
        old = before.object if before is not None and before.uid == item.uid else None
        for entry in self._of(cluster, item.scope):
            try:
                if resource.wanted(entry.entry, kind, obj, self._began(entry)):
                    data = write_json(resource.payload(entry.entry, kind, obj, old))
                    name = event_id(cluster, item.uid, item.version, f"{kind} {entry.key}")
                    yield bus_message(
                        self._runtime, entry.namespace, entry.bus, "resource", entry.source, entry.event, name, data
                    )
            except EvaluationError:
                continue  # as in Argo: a filter that cannot be evaluated lets nothing pass

    def _of(self, cluster: str, scope: str) -> Sequence[SourceEntry]:
        self._declarations.refresh()
        if self._entries_of != self._declarations.version:
            self._entries = {}
            for entry in self._declarations.entries("resource"):
                wanted = wanted_by(entry)
                if wanted is not None:
                    self._entries.setdefault((lives_in(entry), wanted.key), []).append(entry)
            self._entries_of = self._declarations.version
        return self._entries.get((cluster, scope), ())

    def _began(self, entry: SourceEntry) -> datetime:
        """When an event source began to watch: when it was declared."""
        return entry.since or datetime.min.replace(tzinfo=UTC)

    # Inventories

    def _inventory(self, cluster: str, report: dict[str, Any]) -> None:
        """Compare a complete list with the copies: ask for what differs, and end what is gone."""
        scope, version, objects = str(report["scope"]), int(report["version"]), report["objects"]
        mirror = Mirror(self._runtime.store, self._runtime.blobs, cluster)
        found = mirror.scopes().get(scope)
        if found is None:
            return
        known = dict(mirror.all(scope))
        seen = {f"{namespace}/{name}": (uid, int(rv)) for uid, (namespace, name, rv) in objects.items()}
        wanted = []
        for place, (uid, rv) in seen.items():
            copy = known.get(place)
            namespace, _, name = place.partition("/")
            if copy is None or copy.uid != uid:
                wanted.append(["ADDED", namespace, name, uid])
            elif copy.version < rv or copy.lost:
                wanted.append(["MODIFIED", namespace, name, uid])
        gone = [
            Item(scope, "DELETED", place.partition("/")[0], place.partition("/")[2], copy.uid, version)
            for place, copy in known.items()
            if (place not in seen or seen[place][0] != copy.uid) and copy.version <= version
        ]
        for start in range(0, len(gone), _MOST_WRITES):
            self._changed(cluster, gone[start : start + _MOST_WRITES])
        for start in range(0, len(wanted), _MOST_WANTED):
            body = {"scope": scope, "objects": wanted[start : start + _MOST_WANTED]}
            self._runtime.errands.tell(cluster, f"report-{uuid.uuid4().hex}", "report", body, group_of("report", scope))
        mirror.listed(found[0], version)
        if found[0].purpose == DOOR:
            self._runtime.doors.listed(cluster, found[0])

    # Results and heartbeats

    def _result(self, cluster: str, report: dict[str, Any]) -> None:
        result = {name: value for name, value in report.items() if name not in ("report", "id")}
        answers = self._runtime.errands.settle(cluster, str(report["id"]), result)
        if not answers:
            return
        if "error" in result:
            outcome = Outcome(problem=str(result.get("text") or result["error"]))
        else:
            outcome = Outcome.from_json(result["value"])
        key = Key.parse(answers)
        door_loop(self._runtime, key).answer(key, str(report["id"]), outcome)

    def _heartbeat(self, cluster: str, report: dict[str, Any]) -> None:
        data = {**report, "heard": self._now().isoformat()}
        before = self._runtime.store.get(AGENTS_PK, cluster)
        self._runtime.store.write([Put(Row(AGENTS_PK, cluster, data))])
        if (before.data if before is not None else {}).get("controllers", []) != report.get("controllers", []):
            self._runtime.doors.look_again(cluster)
        has = "" if report.get("hello") else str(report.get("subscription", ""))
        self._runtime.subscribing.subscribe(cluster, has)

    def _now(self) -> datetime:
        return self._runtime.clock.now()


def _door_key(cluster: str, wanted: Wanted, item: Item, before: Copy | None, write: Put) -> Key | None:
    """The declaration that is to be looked at, None when nothing of it has changed that matters to us."""
    kind = door_kind(wanted.resource)
    if kind is None or (before is not None and before.wake and before.wake == write.row.data.get("wake")):
        return None
    return Key(cluster, GROUP, kind, item.namespace, item.name)


def agents(runtime: Runtime) -> Mapping[str, Mapping[str, Any]]:
    """The last heartbeat of each agent, by cluster."""
    return {row.sk: row.data for row in runtime.store.query(AGENTS_PK)}


def forget(runtime: Runtime, cluster: str) -> None:
    """Remove what an agent has told, when its cluster is removed."""
    mirror = Mirror(runtime.store, runtime.blobs, cluster)
    for scope in mirror.scopes():
        mirror.forget(scope)
    runtime.store.write([Delete(AGENTS_PK, cluster)])
