"""What agents report becomes events, copies, questions and answers: each once, and only what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import EVENTS, MIRROR, Subscription, Wanted
from argosy.errors import Conflict, NotFound
from argosy.ports.store import Delete, Put, Store
from argosy.resources.manifests import Manifest
from argosy.services.agents.errands import agent_blobs
from argosy.services.agents.inbox import agents, forget
from argosy.services.agents.registry import Entry
from argosy.services.applications.watching import tracked
from argosy.services.mail import pack
from argosy.services.queues import AGENT_REPORTS, BUS
from support.agentreports import FakeHub, changes, door, inventory
from support.events import event_source

Body = dict[str, Any]
MAPS = Wanted("", "v1", "configmaps", "ns", purpose=EVENTS)
COPIES = Wanted("", "v1", "configmaps", purpose=MIRROR)
SENSORS = door("sensors")


def resource(*types: str, **entry: Any) -> Body:
    """An EventSource of cluster `edge`."""
    watched = {"namespace": "ns", "group": "", "version": "v1", "resource": "configmaps", "eventTypes": list(types)}
    return event_source({"resource": {"maps": {**watched, **entry}}}, name="objects", namespace="ns@edge")


class Watching(FakeHub):
    """A hub whose cluster `edge` has an event source on ConfigMaps, and an open door."""

    def __init__(self, *sources: Body) -> None:
        super().__init__((Entry("edge", "agent"), Entry("other", "agent")))
        for source in sources or (resource("ADD", "UPDATE", "DELETE"),):
            self.made.runtime.objects.apply([Manifest(source)], home="edge")
        self.hello("edge")
        self.hello("other")
        self.made.link.sent.clear()
        self.made.events(BUS)

    def told(self, *items: Item, cluster: str = "edge") -> list[tuple[str, str, Any]]:
        """(id, type, version of the object in it) of the events that a report of these changes makes."""
        self.report(changes(*items), cluster)
        return self.published()

    def published(self) -> list[tuple[str, str, Any]]:
        import orjson

        events = [message["event"] for message in self.made.events(BUS)]
        payloads = [(one["id"], orjson.loads(one["data"])) for one in events]
        return [(name, data["type"], (data["body"] or {}).get("v")) for name, data in payloads]


def change(kind: str, uid: str, version: int, name: str = "a", scope: Wanted = MAPS, **body: Any) -> Item:
    obj = {"metadata": {"name": name, "namespace": "ns"}, "v": version, **body}
    return Item(scope.key, kind, "ns", name, uid, version, obj)


def gone(uid: str, version: int, name: str = "a", scope: Wanted = MAPS) -> Item:
    return Item(scope.key, "DELETED", "ns", name, uid, version)


# Changes


@dataclass
class Racing:
    """A store in which somebody else is faster, as often as told."""

    inner: Store
    losses: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        if self.losses and any(one.row.pk.startswith("mirror/") for one in changes if isinstance(one, Put)):
            self.losses -= 1
            raise Conflict("somebody else wrote first")
        self.inner.write(changes, durable=durable)


@pytest.mark.parametrize("losses", [1, 3])
def test_a_lost_race_is_run_again_at_once_under_the_same_ids(losses: int) -> None:
    hub = Watching()
    runtime = replace(hub.made.runtime, store=Racing(hub.made.runtime.store, losses))
    runtime.inbox.handle("edge", pack(changes(change("ADDED", "u", 1)), agent_blobs(runtime.blobs, "edge")))
    assert {name for name, _, _ in hub.published()} == {name for name, _, _ in Watching().told(change("ADDED", "u", 1))}
    assert hub.told(change("ADDED", "u", 1)) == []


def test_a_race_that_is_lost_for_ever_comes_again() -> None:
    hub = Watching()
    runtime = replace(hub.made.runtime, store=Racing(hub.made.runtime.store, 100))
    with pytest.raises(Conflict):
        runtime.inbox.handle("edge", pack(changes(change("ADDED", "u", 1)), agent_blobs(runtime.blobs, "edge")))


@pytest.mark.parametrize(
    ("items", "events"),
    [
        ([change("ADDED", "u", 1)], [("ADD", 1)]),
        ([change("ADDED", "u", 1), change("MODIFIED", "u", 2)], [("ADD", 1), ("UPDATE", 2)]),
        ([change("ADDED", "u", 1), change("ADDED", "u", 1)], [("ADD", 1)]),
        ([change("MODIFIED", "u", 2), change("ADDED", "u", 1)], [("ADD", 2)]),
        ([change("MODIFIED", "u", 2), change("ADDED", "u", 3)], [("ADD", 2), ("UPDATE", 3)]),
        ([change("ADDED", "u", 1), gone("u", 2), change("MODIFIED", "w", 3)], [("ADD", 1), ("DELETE", 1), ("ADD", 3)]),
        ([change("ADDED", "u", 1), gone("u", 2)], [("ADD", 1), ("DELETE", 1)]),
        ([change("ADDED", "u", 1), gone("u", 2), gone("u", 2)], [("ADD", 1), ("DELETE", 1)]),
        ([change("ADDED", "u", 1), gone("u", 2), change("ADDED", "w", 3)], [("ADD", 1), ("DELETE", 1), ("ADD", 3)]),
        ([gone("u", 2)], []),
        ([change("DELETED", "u", 2)], [("DELETE", 2)]),
        ([change("ADDED", "w", 3), change("ADDED", "u", 1)], [("ADD", 3)]),
        ([change("ADDED", f"u{n}", n, f"a{n}") for n in range(1, 100)], [("ADD", n) for n in range(1, 100)]),
    ],
)
@pytest.mark.parametrize("how", ["in one report", "one by one", "several reports at once"])
def test_changes_become_events(items: Sequence[Item], events: list[tuple[str, int]], how: str) -> None:
    hub = Watching()
    if how == "one by one":
        told = [event for item in items for event in hub.told(item)]
    elif how == "in one report":
        told = hub.told(*items)
    else:
        messages = {f"{place}": ("edge", item.uid, body_of(changes(item), hub)) for place, item in enumerate(items)}
        assert hub.made.runtime.inbox.ahead(messages) == (messages.keys() if len(messages) > 1 else set())
        told = hub.published() or hub.told(*items)
    assert [event[1:] for event in told] == events
    assert len({name for name, _, _ in told}) == len(events)
    again = hub.told(*items)
    # A delivery that comes twice makes nothing new: at most the end of one of a name that another has taken since.
    assert {name for name, _, _ in again} <= {name for name, kind, _ in told if kind == "DELETE"}


def body_of(report: Body, hub: FakeHub) -> str:
    return pack(report, agent_blobs(hub.made.runtime.blobs, "edge"))


def test_what_is_not_taken_in_together_is_left_and_loses_nothing() -> None:
    hub = Watching()
    first, second = (body_of(changes(change("ADDED", f"u{n}", n, f"a{n}")), hub) for n in (1, 2))
    broken = body_of({"report": "changes", "items": [["of another release"]]}, hub)
    other = body_of({"report": "heartbeat", "hello": False}, hub)
    elsewhere = body_of(changes(change("ADDED", "u3", 3, "a3")), hub)
    messages = {"1": first, "2": broken, "3": other, "4": second}
    told = {name: ("edge", name, body) for name, body in messages.items()}
    told |= {"5": ("other", "5", elsewhere), "6": ("gone", "6", first), "7": ("gone", "7", second)}
    assert hub.made.runtime.inbox.ahead(told) == {"1", "4"}
    assert [one[1:] for one in hub.published()] == [("ADD", 1), ("ADD", 2)]


def test_nothing_overtakes_what_comes_before_it_in_its_group() -> None:
    hub = Watching()
    large = body_of(changes(change("ADDED", "u", 1, data={"text": "x" * 300_000})), hub)
    later = [body_of(changes(change("MODIFIED", "u", n)), hub) for n in (2, 3)]
    others = [body_of(changes(change("ADDED", f"w{n}", n, f"b{n}")), hub) for n in (4, 5)]
    bodies = [("u", large), *(("u", one) for one in later), *(("w", one) for one in others)]
    told = {f"{place}": ("edge", *one) for place, one in enumerate(bodies)}
    done = hub.made.runtime.inbox.ahead(told)
    assert done == {"3", "4"}
    for name in ("0", "1", "2"):
        hub.made.runtime.inbox.handle("edge", told[name][2])
    assert [one[1:] for one in hub.published()] == [("ADD", 4), ("ADD", 5), ("ADD", 1), ("UPDATE", 2), ("UPDATE", 3)]


def test_together_they_fail_as_one_by_one() -> None:
    hub = Watching()
    runtime = replace(hub.made.runtime, store=Racing(hub.made.runtime.store, 100))
    bodies = {f"{n}": ("edge", "g", body_of(changes(change("ADDED", f"u{n}", n, f"a{n}")), hub)) for n in (1, 2)}
    assert runtime.inbox.ahead(bodies) == set()
    ids = {name for name, _, _ in hub.published()}
    for cluster, _, body in bodies.values():
        hub.made.runtime.inbox.handle(cluster, body)
    assert {name for name, _, _ in hub.published()} == ids, "again, under the same ids"


def test_an_update_knows_what_was_before() -> None:
    import orjson

    hub = Watching()
    hub.report(changes(change("ADDED", "u", 1), change("MODIFIED", "u", 2)))
    first, second = (orjson.loads(message["event"]["data"]) for message in hub.made.events(BUS))
    assert (first["oldBody"], second["oldBody"]["v"], second["body"]["v"]) == (None, 1, 2)


def test_event_ids_are_those_of_the_change_and_of_the_event_source() -> None:
    ids = []
    for _ in range(2):
        hub = Watching(resource("ADD", "UPDATE"))
        ids.append([name for name, _, _ in hub.told(change("ADDED", "u", 1), change("MODIFIED", "u", 2))])
    assert ids[0] == ids[1]
    other = resource("ADD", "UPDATE")
    other["metadata"]["name"] = "objects-too"
    both = Watching(resource("ADD"), other).told(change("ADDED", "u", 1))
    assert len({name for name, _, _ in both}) == 2
    assert ids[0][0] in {name for name, _, _ in both}


def test_a_crash_between_bus_and_store_repeats_the_same_event() -> None:
    hub = Watching()
    (first,) = hub.told(change("ADDED", "u", 1))
    hub.mirror().forget(MAPS.key)
    hub.mirror().watch([MAPS])
    assert hub.told(change("ADDED", "u", 1)) == [first]


@pytest.mark.parametrize(
    ("entry", "item", "events"),
    [
        ({"filter": {"prefix": "b"}}, change("ADDED", "u", 1), 0),
        ({"filter": {"prefix": "a"}}, change("ADDED", "u", 1), 1),
        ({"filter": {"fields": [{"key": "v", "operation": "==", "value": "("}]}}, change("ADDED", "u", 1), 0),
        ({"filter": {"afterStart": True}}, change("ADDED", "u", 1), 0),
        ({}, change("ADDED", "u", 1, scope=SENSORS), 0),
        ({}, Item("unknown-scope", "ADDED", "ns", "a", "u", 1, {"metadata": {}}), 0),
    ],
)
def test_what_an_event_source_does_not_want(entry: Body, item: Item, events: int) -> None:
    assert len(Watching(resource("ADD", **entry)).told(item)) == events


def test_events_of_another_cluster_are_none_of_an_event_source() -> None:
    hub = Watching()
    assert hub.told(change("ADDED", "u", 1), cluster="other") == []
    assert hub.mirror("other").find(MAPS.key, "ns", "a") is None


def test_what_a_report_says_of_its_cluster_counts_for_nothing() -> None:
    hub = Watching()
    hub.mirror("other").watch([MAPS])
    hub.report({**changes(change("ADDED", "u", 1)), "cluster": "edge"}, "other")
    assert hub.published() == []
    assert hub.mirror("edge").find(MAPS.key, "ns", "a") is None
    assert hub.mirror("other").find(MAPS.key, "ns", "a") is not None


def test_a_result_of_another_cluster_settles_nothing() -> None:
    hub = Watching()
    errands = hub.made.runtime.errands
    errands.send("edge", "w1", "request", {}, "g")
    hub.report({"report": "result", "id": "w1", "value": "forged"}, "other")
    assert errands.result("edge", "w1") is None
    hub.report({"report": "result", "id": "w1", "value": "true"}, "edge")
    assert errands.result("edge", "w1") == {"value": "true"}


@pytest.mark.parametrize("report", [changes(change("ADDED", "u", 1)), inventory(MAPS, 1, {}), {"report": "heartbeat"}])
def test_a_removed_clusters_report_is_set_aside(report: Body) -> None:
    hub = Watching()
    hub.made.runtime.registry.remove("edge")
    forget(hub.made.runtime, "edge")
    hub.report(report)
    ((_, origin, reason),) = hub.made.set_aside(AGENT_REPORTS)
    assert origin == AGENT_REPORTS
    assert "a cluster that was removed reports to nobody" in reason
    assert agents(hub.made.runtime).keys() == {"other"}


@pytest.mark.parametrize(
    "report",
    [
        {"report": "changes"},
        {"report": "changes", "items": [["too", "short"]]},
        {"report": "changes", "items": 7},
        {"report": "inventory", "scope": MAPS.key, "version": "x", "objects": {}},
        {"report": "inventory", "scope": MAPS.key, "version": 1, "objects": {"u": []}},
        {"report": "result"},
        {"report": ["changes"]},
    ],
)
def test_what_nobody_can_read_is_set_aside(report: Body) -> None:
    hub = Watching()
    hub.report(report)
    assert len(hub.made.set_aside(AGENT_REPORTS)) == 1
    assert hub.published() == []


# Inventories


def asked(hub: Watching) -> list[list[str]]:
    """What the agent was asked to report."""
    found = [one for cluster, kind, body in hub.work if kind == "report" for one in body["objects"]]
    assert all((cluster, kind) == ("edge", "report") for cluster, kind, _ in hub.work)
    hub.made.link.sent.clear()
    return found


def test_an_inventory_asks_for_what_differs_and_ends_what_is_gone() -> None:
    hub = Watching()
    hub.told(*(change("ADDED", name, 1, name) for name in ("same", "newer", "other", "gone", "late")))
    hub.told(change("MODIFIED", "late", 9, "late"))
    objects = {
        "same": ["ns", "same", 1],
        "newer": ["ns", "newer", 4],
        "again": ["ns", "other", 5],
        "new": ["ns", "new", 5],
    }
    hub.report(inventory(MAPS, 5, objects))
    assert sorted(asked(hub)) == [
        ["ADDED", "ns", "new", "new"],
        ["ADDED", "ns", "other", "again"],
        ["MODIFIED", "ns", "newer", "newer"],
    ]
    assert sorted(event[1:] for event in hub.published()) == [("DELETE", 1), ("DELETE", 1)]
    assert sorted(place for place, _ in hub.mirror().all(MAPS.key)) == ["ns/late", "ns/newer", "ns/same"]
    assert hub.mirror().scopes()[MAPS.key] == (MAPS, "5")
    hub.report(inventory(MAPS, 5, objects))
    assert hub.published() == []


def test_an_inventory_that_is_older_than_what_is_known_ends_nothing() -> None:
    hub = Watching()
    hub.told(change("ADDED", "u", 9))
    hub.report(inventory(MAPS, 5, {}))
    assert hub.published() == []
    assert [place for place, _ in hub.mirror().all(MAPS.key)] == ["ns/a"]


def test_the_end_that_an_inventory_shows_and_that_a_watch_tells_is_one() -> None:
    hub = Watching()
    hub.told(change("ADDED", "u", 1))
    hub.report(inventory(MAPS, 5, {}))
    assert [event[1:] for event in hub.published()] == [("DELETE", 1)]
    assert hub.told(gone("u", 3)) == []


def test_an_inventory_of_what_nobody_watches() -> None:
    hub = Watching()
    hub.report(inventory(Wanted("", "v1", "pods"), 5, {"u": ["ns", "a", 1]}))
    assert hub.work == []


class Mirroring(Watching):
    """A hub that wants copies of the ConfigMaps of cluster `edge`."""

    def __init__(self) -> None:
        super().__init__()
        self.mirror().watch([COPIES])

    @property
    def listed(self) -> str:
        """Which list of theirs is complete."""
        return self.mirror().scopes()[COPIES.key][1]


def test_a_first_list_is_complete_once_its_objects_have_come() -> None:
    hub = Mirroring()
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1], "v": ["ns", "b", 2], "w": ["ns", "c", 3]}))
    assert hub.listed == "", "what has not come yet is not missing"
    hub.report(changes(change("ADDED", "u", 1, "a", COPIES)))
    hub.report(changes(change("MODIFIED", "v", 7, "b", COPIES), gone("w", 8, "c", COPIES)))
    assert hub.listed == "5"


def test_a_later_list_is_complete_once_what_it_shows_anew_has_come() -> None:
    hub = Mirroring()
    hub.report(changes(change("ADDED", "u", 1, "a", COPIES), change("ADDED", "v", 2, "b", COPIES)))
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1], "v": ["ns", "b", 2]}))
    hub.report(inventory(COPIES, 9, {"u": ["ns", "a", 1], "v": ["ns", "b", 8], "x": ["ns", "c", 9]}))
    assert hub.listed == "5", "what has not come yet is not gone"
    hub.report(changes(change("ADDED", "x", 9, "c", COPIES), change("MODIFIED", "v", 7, "b", COPIES)))
    assert hub.listed == "5", "what came was older than the list"
    hub.report(changes(change("MODIFIED", "v", 8, "b", COPIES)))
    assert hub.listed == "9"
    hub.report(inventory(COPIES, 12, {"u": ["ns", "a", 1]}))
    assert hub.listed == "12", "nothing is waited for"


def test_what_has_gone_since_a_list_is_not_waited_for() -> None:
    hub = Mirroring()
    hub.report(changes(change("ADDED", "u", 6, "a", COPIES), gone("u", 7, "a", COPIES)))
    hub.report(inventory(COPIES, 6, {"u": ["ns", "a", 6]}))
    assert hub.listed == "6"


def test_what_comes_before_the_first_list_is_not_waited_for() -> None:
    hub = Mirroring()
    hub.report(changes(change("ADDED", "u", 6, "a", COPIES)))
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1]}))
    assert hub.listed == "5"


def test_a_first_list_that_is_told_again_counts_for_what_it_says() -> None:
    hub = Mirroring()
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1], "v": ["ns", "b", 2]}))
    hub.report(inventory(COPIES, 8, {"v": ["ns", "b", 2]}))
    assert hub.listed == ""
    hub.report(changes(change("ADDED", "v", 2, "b", COPIES)))
    assert hub.listed == "8"


def test_an_object_of_a_first_list_that_is_told_twice_at_once() -> None:
    hub = Mirroring()
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1]}))
    hub.report(changes(change("ADDED", "u", 1, "a", COPIES), change("MODIFIED", "u", 2, "a", COPIES)))
    assert hub.listed == "5"


def test_an_application_s_object_that_comes_and_goes_in_one_report() -> None:
    """A hook that is deleted as soon as it has succeeded."""
    hub = Mirroring()
    tracking = {"argocd.argoproj.io/tracking-id": "shop:/ConfigMap:ns/a"}
    metadata = {"name": "a", "namespace": "ns", "annotations": tracking}
    hub.report(changes(change("ADDED", "u", 1, "a", COPIES, metadata=metadata), gone("u", 2, "a", COPIES)))
    assert list(hub.mirror().all(COPIES.key)) == []
    assert list(tracked(hub.made.runtime.store, "edge", "shop")) == []
    hub.report(changes(change("ADDED", "v", 3, "a", COPIES, metadata=metadata)))
    assert list(tracked(hub.made.runtime.store, "edge", "shop")) == [(COPIES.key, "ns", "a")]


@dataclass
class Between:
    """A store after whose writes something else happens, but during what happens then."""

    inner: Store
    happens: Callable[[], None]
    left: bool = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        self.inner.write(changes, durable=durable)
        if self.left:
            self.left = False
            self.happens()
            self.left = True


def test_what_comes_while_a_first_list_is_taken_in_does_not_complete_it() -> None:
    hub = Mirroring()
    runtime = replace(
        hub.made.runtime,
        store=Between(hub.made.runtime.store, lambda: hub.report(changes(change("ADDED", "u", 1, "a", COPIES)))),
    )
    told = inventory(COPIES, 5, {"u": ["ns", "a", 1], "v": ["ns", "b", 2]})
    runtime.inbox.handle("edge", pack(told, agent_blobs(runtime.blobs, "edge")))
    assert hub.listed == ""
    hub.report(changes(change("ADDED", "v", 2, "b", COPIES)))
    assert hub.listed == "5"


def test_a_scope_that_is_forgotten_begins_anew() -> None:
    hub = Mirroring()
    hub.report(inventory(COPIES, 5, {"u": ["ns", "a", 1]}))
    hub.mirror().watch([])
    hub.mirror().watch([COPIES])
    hub.report(inventory(COPIES, 6, {}))
    assert hub.listed == "6"


def test_ten_thousand_objects_are_asked_for_in_parts() -> None:
    hub = Watching()
    hub.report(inventory(MAPS, 20_000, {f"u{number}": ["ns", f"a{number}", number] for number in range(10_000)}))
    assert [len(body["objects"]) for _, _, body in hub.work] == [2000] * 5


# Doors


@pytest.mark.parametrize(
    ("before", "after", "wakes"),
    [
        (None, {"spec": {}}, True),
        ({"spec": {}}, {"spec": {}, "status": {"a": 1}}, False),
        ({"spec": {}}, {"spec": {"a": 1}}, True),
    ],
)
def test_a_declaration_is_looked_at_when_it_matters(before: Body | None, after: Body, wakes: bool) -> None:
    hub = Watching()
    if before is not None:
        hub.report(changes(change("ADDED", "u", 1, scope=SENSORS, **before, v=0)))
    hub.turn()
    hub.report(changes(change("MODIFIED", "u", 2, scope=SENSORS, **after, v=0)))
    assert hub.turn() == (["edge/argoproj.io/Sensor/ns/a"] if wakes else [])


# Heartbeats


def test_an_agent_is_told_what_to_watch_unless_it_knows() -> None:
    hub = Watching()
    expected = hub.made.runtime.subscribing.expected(hub.made.runtime.registry.find("edge"))
    hub.report({"report": "heartbeat", "subscription": expected.digest})
    assert hub.work == []
    for old in ("", "other"):
        hub.report({"report": "heartbeat", "subscription": old})
    hub.report({"report": "heartbeat", "hello": True, "subscription": expected.digest})
    subscriptions = [Subscription.from_json(body) for _, kind, body in hub.work if kind == "subscribe"]
    assert subscriptions == [expected] * 3
    assert agents(hub.made.runtime)["edge"]["heard"] == hub.made.clock.now().isoformat()


def test_an_agent_without_a_queue() -> None:
    hub = Watching()
    hub.made.link.gone = {"edge"}
    with pytest.raises(NotFound, match="has no queue"):
        hub.hello("edge")


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ([{"lists": 3, "broken": 1}], [3, 0, 1, 0]),
        ([{"lists": 3, "broken": 1}, {"lists": 3, "expired": 2, "broken": 4, "refused": 1}], [0, 2, 3, 1]),
        ([{"lists": 9, "broken": 4}, {"lists": 2, "broken": 4}], [2, 0, 4, 0]),
    ],
    ids=["the first", "what is new", "an agent that began anew"],
)
def test_how_watches_fare_is_counted(told: list[dict[str, int]], counted: list[int]) -> None:
    hub, found = Watching(), dict[str, int]()
    for counts in told:
        body = pack({"report": "heartbeat", "counts": counts}, agent_blobs(hub.made.runtime.blobs, "edge"))
        found = dict(hub.made.runtime.inbox.handle("edge", body))
    names = ("watch_lists_total", "watch_expired_total", "watch_broken_total", "watch_refused_total")
    assert [found[name] for name in names] == counted


@pytest.mark.parametrize(("offset", "counted"), [(0.0, 0), (400.0, 1), (-3.5, 1)])
def test_a_clock_that_is_wrong_is_counted(offset: float, counted: int) -> None:
    hub = Watching()
    body = pack({"report": "heartbeat", "offset": offset}, agent_blobs(hub.made.runtime.blobs, "edge"))
    assert hub.made.runtime.inbox.handle("edge", body).get("agent_clock_skewed_total", 0) == counted
