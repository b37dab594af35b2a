"""Takes in what agents report: changes become events and copies, inventories show what was missed, results find who waits.

In: the name of a cluster, which the queue has told, and a report. Called by functions/agent_inbox, one message of a FIFO
group after the other. Events are on the bus before the copy says that the change is known, so a crash repeats them under
the same id, and nothing is lost; a report that comes twice is known by its copy.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from argosy.control.agents.reports import Item, event_id
from argosy.control.agents.scopes import CONTROL, DOOR, EVENTS, MIRROR
from argosy.control.agents.values import CONTROL as CONTROL_KIND
from argosy.control.agents.values import Told
from argosy.control.agents.work import group_of
from argosy.control.effects import Outcome
from argosy.control.keys import Key
from argosy.control.lines import Taken
from argosy.control.loop import Loop
from argosy.errors import ArgosyError, Conflict, EvaluationError, NotFound
from argosy.events.jsontext import write_json
from argosy.events.sources import resource
from argosy.lang import instants
from argosy.ports.queue import Outgoing
from argosy.ports.store import Delete, Put, Row
from argosy.services.agents.doors import door_loop
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.mirror import Copy, Listed, Mirror, scopes_of
from argosy.services.agents.registry import AGENTS_PK
from argosy.services.agents.subscribing import lives_in, wanted_by
from argosy.services.agents.values import ValueRows
from argosy.services.agents.waking import Waking
from argosy.services.applications.controller import application_loop
from argosy.services.applications.sources import Round
from argosy.services.applications.watching import Deploys, all_applications
from argosy.services.aside import or_set_aside
from argosy.services.connections import Connections, cluster_of
from argosy.services.declarations import Declarations, SourceEntry
from argosy.services.mail import unpack
from argosy.services.queues import AGENT_REPORTS, BUS, ROLLOUT_KINDS
from argosy.services.receive import bus_message
from argosy.services.rollouts.controller import rollout_loop

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["AGENTS_PK", "Inbox", "agents", "forget"]

_COUNTED: Final = {
    "lists": "watch_lists_total",
    "expired": "watch_expired_total",
    "broken": "watch_broken_total",
    "refused": "watch_refused_total",
}
_MOST_WRITES: Final = 40
_TRIES: Final = 4
_MOST_WANTED: Final = 2000
_WAITED_FOR: Final = frozenset({MIRROR, CONTROL})
"""What scopes are for whose lists count once their objects are here: before, these would seem to be missing."""
_CHANGES: Final = '{"report":"changes",'
_NOT_OURS: Final = (KeyError, TypeError, ValueError, AttributeError)
_NO_REPORT: Final = (ArgosyError, *_NOT_OURS)
_SILENT: Final = timedelta(seconds=90)


class Inbox:
    """Reports of one installation's agents."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._declarations = Declarations(runtime.store, runtime.clock)
        self._entries: tuple[int, Mapping[tuple[str, str], Sequence[SourceEntry]]] = (-1, {})
        self._connections = Connections(runtime)

    def ahead(self, messages: Mapping[str, tuple[str, str, str]]) -> set[str]:
        """Take in the changes of several messages with one read and one write: id → cluster, group, body.

        Out: the ids of those that it did. Whatever is not as it should be is left to `handle`, with what came together with
        it, and with what follows in its group; `handle` may repeat all of it.
        """
        taken: dict[str, dict[str, list[Item]]] = {}
        left: set[tuple[str, str]] = set()
        for name, (cluster, group, body) in messages.items():
            items = self._plain_changes(body) if (cluster, group) not in left else None
            if items is None:
                left.add((cluster, group))
            else:
                taken.setdefault(cluster, {})[name] = items
        done: set[str] = set()
        for cluster, several in taken.items():
            if len(several) > 1:
                with contextlib.suppress(*_NO_REPORT):
                    self._runtime.registry.find(cluster)
                    self.changed(cluster, [item for items in several.values() for item in items])
                    done |= several.keys()
        return done

    def handle(self, cluster: str, body: str) -> Mapping[str, int]:
        """Do what a message says; one that is none of an agent's is set aside. Raises Unavailable, Conflict.

        Out: what is to be counted (metric → number): how the agent's watches have fared since its last heartbeat.
        """
        counted: dict[str, int] = {}
        or_set_aside(self._runtime, AGENT_REPORTS, body, lambda: self._handle(cluster, body, counted))
        return counted

    def _handle(self, cluster: str, body: str, counted: dict[str, int]) -> None:
        try:
            report = unpack(body, agent_blobs(self._runtime.blobs, cluster))
        except NotFound as x:
            raise EvaluationError(f"a report whose blob is gone: {x}") from x
        kind = str(report.get("report")) if isinstance(report, dict) else ""
        does: Mapping[str, Callable[[str, dict[str, Any]], None]] = {
            "changes": self._changes,
            "inventory": self._inventory,
            "result": self._result,
            "heartbeat": lambda cluster, report: counted.update(self._heartbeat(cluster, report)),
            "events": self._taken,
            "connections": self._connected,
            "values": self._values,
        }
        if kind not in does:
            raise EvaluationError(f"not a report of an agent: {kind!r:.40}")
        try:
            self._runtime.registry.find(cluster)
        except NotFound as x:
            raise EvaluationError(f"a cluster that was removed reports to nobody: {x}") from x
        try:
            does[kind](cluster, report)
        except _NOT_OURS as x:
            raise EvaluationError(f"not a report of this release: {kind}: {type(x).__name__} {x}") from x

    # Changes

    def _plain_changes(self, body: str) -> list[Item] | None:
        """The changes that a message holds itself; None where it does not, or is not as it should be."""
        if not body.startswith(_CHANGES):
            return None
        with contextlib.suppress(*_NO_REPORT):
            return _items(unpack(body, self._runtime.blobs))
        return None

    def _changes(self, cluster: str, report: dict[str, Any]) -> None:
        self.changed(cluster, _items(report))

    def changed(self, cluster: str, items: Sequence[Item]) -> None:
        """Take in changes of a cluster, whoever has seen them. Raises Unavailable, Conflict."""
        for start in range(0, len(items), _MOST_WRITES):
            self._racing(cluster, items[start : start + _MOST_WRITES])

    def _racing(self, cluster: str, items: Sequence[Item]) -> None:
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
        lists = mirror.lists()
        scopes = scopes_of(lists)
        coming = {key for key, one in lists.items() if one.coming is not None}
        copies: dict[tuple[str, str, str], Copy] = mirror.find_all(
            {(item.scope, item.namespace, item.name) for item in items if item.scope in scopes}
        )
        writes: dict[tuple[str, str, str], Put] = {}
        events: list[Outgoing] = []
        waking = Waking(self._runtime, cluster, mirror, scopes)
        waking.change(mirror.arrived([item for item in items if item.scope in coming]))
        for item in items:
            if item.scope not in scopes:
                continue  # nobody watches it any more
            wanted = scopes[item.scope][0]
            place = (item.scope, item.namespace, item.name)
            before = copies.get(place)
            if before is not None and before.knows(item):
                continue
            again = before is not None and before.lost and (before.uid, before.version) == (item.uid, item.version)
            if wanted.purpose == EVENTS and not again:
                events += self._events(cluster, item, before)
            if not (before is not None and before.uid != item.uid and item.version < before.version):
                writes[place] = mirror.put(item, before, self._now().timestamp())
                waking.note(wanted, item, before, writes[place])
                row = before.row if before is not None else 0
                copies[place] = Copy(item.uid, item.version, dict(item.object) if item.object else None, "", row)
        if events:
            self._runtime.queue.send(BUS, events)
        # What an event tells of must not be told again, by another version's name.
        waking.write(list(writes.values()), durable=bool(events))
        for key in {item.scope for item in items} & coming:
            self._complete(cluster, mirror, key)

    def _events(self, cluster: str, item: Item, before: Copy | None) -> Iterator[Outgoing]:
        """What a change is to the event sources that watch it."""
        obj = item.object if item.object is not None else before.object if before is not None else None
        if obj is None:
            return
        kind = _kind(item, before)
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
        version, entries = self._entries  # as one: reports are taken in by several threads
        if version != self._declarations.version:
            version, found = self._declarations.version, dict[tuple[str, str], list[SourceEntry]]()
            for entry in self._declarations.entries("resource"):
                wanted = wanted_by(entry)
                if wanted is not None:
                    found.setdefault((lives_in(entry), wanted.key), []).append(entry)
            self._entries = version, found
            entries = found
        return entries.get((cluster, scope), ())

    def _began(self, entry: SourceEntry) -> datetime:
        """When an event source began to watch: when it was declared."""
        return entry.since or datetime.min.replace(tzinfo=UTC)

    # Inventories

    def _inventory(self, cluster: str, report: dict[str, Any]) -> None:
        """Compare a complete list with the copies: ask for what differs, and end what is gone."""
        scope, version, objects = str(report["scope"]), int(report["version"]), report["objects"]
        mirror = Mirror(self._runtime.store, self._runtime.blobs, cluster)
        known = mirror.lists().get(scope)
        if known is None:
            return
        copies = dict(mirror.all(scope))
        seen = {f"{namespace}/{name}": (uid, int(rv)) for uid, (namespace, name, rv) in objects.items()}
        wanted = []
        for place, (uid, rv) in seen.items():
            copy = copies.get(place)
            namespace, _, name = place.partition("/")
            if copy is None or copy.uid != uid:
                wanted.append(["ADDED", namespace, name, uid])
            elif copy.version < rv or copy.lost:
                wanted.append(["MODIFIED", namespace, name, uid])
        gone = [
            Item(scope, "DELETED", place.partition("/")[0], place.partition("/")[2], copy.uid, version)
            for place, copy in copies.items()
            if (place not in seen or seen[place][0] != copy.uid) and copy.version <= version
        ]
        self.changed(cluster, gone)
        waits = bool(wanted) and known.wanted.purpose in _WAITED_FOR
        if waits:
            places = (f"{namespace}/{name}" for _, namespace, name, _ in wanted)
            mirror.expect(known, version, {place: seen[place][1] for place in places})
        for start in range(0, len(wanted), _MOST_WANTED):
            body = {"scope": scope, "objects": wanted[start : start + _MOST_WANTED]}
            self._runtime.errands.tell(cluster, f"report-{uuid.uuid4().hex}", "report", body, group_of("report", scope))
        if waits:
            self._complete(cluster, mirror, scope)
        else:
            mirror.listed(known.wanted, version)
            self._listed(cluster, known)

    def _complete(self, cluster: str, mirror: Mirror, scope: str) -> None:
        """A list of which everything has come is complete."""
        found = mirror.coming(scope)
        if found is not None:
            mirror.completed(found)
            self._listed(cluster, found)

    def _listed(self, cluster: str, before: Listed) -> None:
        """A list is complete; who has waited for the first one is looked at."""
        scope, first = before.wanted, not before.complete
        if first and scope.purpose == MIRROR:
            found = Deploys(self._runtime.store, cluster).awaiting(scope)
            self._runtime.app_wakes.wake_all([str(key) for key in found])
        if first and scope.purpose in _WAITED_FOR:
            self._answered(cluster)
        if scope.purpose == DOOR:
            self._runtime.doors.listed(cluster, scope)

    # Connections

    def _taken(self, cluster: str, report: dict[str, Any]) -> None:
        """Events of a connection that the agent keeps; those of one that is not declared in its cluster are nobody's."""
        events = [Taken(str(origin), str(data)) for origin, data in report["events"]]
        self._connections.refresh()
        messages = self._connections.messages(cluster, str(report["line"]), events)
        if messages:
            self._runtime.queue.send(BUS, messages)

    def _connected(self, cluster: str, report: dict[str, Any]) -> None:
        """How all connections of an agent fare."""
        problems = {str(key): str(problem) for key, problem in report["problems"].items()}
        self._connections.told(cluster, {key: why for key, why in problems.items() if cluster_of(key) == cluster})

    # Results and heartbeats

    def _result(self, cluster: str, report: dict[str, Any]) -> None:
        result = {name: value for name, value in report.items() if name not in ("report", "id")}
        answers = self._runtime.errands.settle(cluster, str(report["id"]), result)
        if not answers:
            self._answered(cluster)
            return
        key = Key.parse(answers)
        loop = _loop(self._runtime, key)
        if not loop.awaits(key, str(report["id"])):
            loop.wake(key)  # it has asked for something else than the writes of a decision
        elif "error" in result:
            loop.answer(key, str(report["id"]), Outcome(problem=str(result.get("text") or result["error"])))
        else:
            loop.answer(key, str(report["id"]), Outcome.from_json(result["value"]))

    def _values(self, cluster: str, report: dict[str, Any]) -> None:
        """Keep what is told of Secrets and ConfigMaps as it came; who needs a value looks for it then."""
        rows = ValueRows(self._runtime.store, cluster)
        told = [Told.from_json(one) for one in report["items"]]
        news = [one.place for one in told if rows.put(one)]
        if any(place.kind == CONTROL_KIND for place in news):
            found = all_applications(cluster, Mirror(self._runtime.store, self._runtime.blobs, cluster))
            self._runtime.app_wakes.wake_all([str(key) for key in found])

    def _heartbeat(self, cluster: str, report: dict[str, Any]) -> Mapping[str, int]:
        data = {**report, "heard": self._now().isoformat()}
        row = self._runtime.store.get(AGENTS_PK, cluster)
        before: Mapping[str, Any] = row.data if row is not None else {}
        self._runtime.store.write([Put(Row(AGENTS_PK, cluster, data))])
        if before.get("controllers", []) != report.get("controllers", []):
            self._runtime.doors.look_again(cluster)
        if report.get("hello") or before.get("scopes") != report.get("scopes") or self._was_silent(before):
            self._answered(cluster)
        has = "" if report.get("hello") else str(report.get("subscription", ""))
        self._runtime.subscribing.subscribe(cluster, has)
        skewed = {"agent_clock_skewed_total": 1} if report.get("offset") else {}
        return _since(before.get("counts") or {}, report.get("counts") or {}) | skewed

    def _was_silent(self, before: Mapping[str, Any]) -> bool:
        heard = instants.parse(str(before.get("heard") or ""))
        return heard is None or self._now() - heard > _SILENT

    def _answered(self, cluster: str) -> None:
        """Wake the Applications that have waited for the cluster."""
        found = self._runtime.applications.waiting.answered(cluster)
        self._runtime.app_wakes.wake_all([str(key) for key in found])

    def _now(self) -> datetime:
        return self._runtime.clock.now()


def _items(report: Mapping[str, Any]) -> list[Item]:
    return [Item.from_json(one) for one in report["items"]]


def _kind(item: Item, before: Copy | None) -> str:
    """What a change is to whoever knows what was before, as client-go's informers tell it (`processDeltas`).

    What the agent saw of an object first may be a change of it: it was made while nobody watched.
    """
    if item.type == "DELETED":
        return "DELETE"
    known = before is not None and before.uid == item.uid and (before.object is not None or before.lost)
    return "UPDATE" if known else "ADD"


def _since(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """What an agent's counts have grown by; an agent that began anew counts from nothing."""
    grown = {name: now.get(name, 0) - before.get(name, 0) for name in _COUNTED}
    began = any(number < 0 for number in grown.values())
    return {metric: now.get(name, 0) if began else grown[name] for name, metric in _COUNTED.items()}


def _loop(runtime: Runtime, key: Key) -> Loop:
    if key.kind == "Application":
        return application_loop(runtime, key, Round())
    return (rollout_loop if key.kind in ROLLOUT_KINDS else door_loop)(runtime, key)


def agents(runtime: Runtime) -> Mapping[str, Mapping[str, Any]]:
    """The last heartbeat of each agent, by cluster."""
    return {row.sk: row.data for row in runtime.store.query(AGENTS_PK)}


def forget(runtime: Runtime, cluster: str) -> None:
    """Remove what an agent has told, when its cluster is removed."""
    mirror = Mirror(runtime.store, runtime.blobs, cluster)
    for scope in mirror.scopes():
        mirror.forget(scope)
    ValueRows(runtime.store, cluster).forget()
    Connections(runtime).told(cluster, {})
    runtime.store.write([Delete(AGENTS_PK, cluster)])
