"""Declarations: apply, get, delete, and that nothing is ever half applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from argosy.errors import ArgosyError, Conflict, InvalidObject, NotFound, Unsupported
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Delete, Put, Row
from argosy.resources.manifests import Manifest, read_manifests
from argosy.services.calendars import CALENDAR_PK
from argosy.services.kinds import kind_named
from argosy.services.objects import OBJECTS_PK, VERSION_KEY, Objects, check
from support.events import GROUP_VERSION, Body, event_source, sensor, trigger

HOOK = {"webhook": {"example": {"endpoint": "/example", "port": "12000", "method": "POST"}}}
MNS = {"queue": "q", "endpoint": "e"}
CALENDAR = {"calendar": {"tick": {"interval": "10s"}}}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> FakeStore:
    return FakeStore(clock)


@pytest.fixture
def objects(store: FakeStore, clock: FakeClock) -> Objects:
    return Objects(store, clock)


def manifests(*bodies: Body) -> list[Manifest]:
    return [Manifest(body) for body in bodies]


def apply(objects: Objects, *bodies: Body) -> list[str]:
    return [str(result) for result in objects.apply(manifests(*bodies), "default")]


# Apply


def test_created_configured_unchanged(objects: Objects) -> None:
    source, listener = event_source(HOOK), sensor([trigger()])
    assert apply(objects, source, listener) == [
        "eventsource.argoproj.io/hook created",
        "sensor.argoproj.io/s created",
    ]
    assert apply(objects, source, sensor([trigger("new")])) == [
        "eventsource.argoproj.io/hook unchanged",
        "sensor.argoproj.io/s configured",
    ]


def test_what_is_stored(objects: Objects, clock: FakeClock) -> None:
    body = sensor([trigger()])
    body["metadata"] |= {
        "labels": {"a": "b"},
        "annotations": {"c": "d", "kubectl.kubernetes.io/last-applied-configuration": "{}"},
        "resourceVersion": "5",
        "managedFields": [{}],
        "generation": 99,
        "uid": "theirs",
        "creationTimestamp": None,
    }
    apply(objects, {**body, "status": {"conditions": []}})
    found = objects.get("Sensor", "ns", "s")
    metadata = found.pop("metadata")
    assert found == {key: body[key] for key in ("apiVersion", "kind", "spec")}
    uid = metadata.pop("uid")
    assert uid != "theirs"
    assert metadata == {
        "name": "s",
        "namespace": "ns",
        "labels": {"a": "b"},
        "annotations": {"c": "d"},
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("change", "what", "generation"),
    [
        ({}, "unchanged", 1),
        ({"spec": {"webhook": {}}}, "configured", 2),
        ({"metadata": {"name": "hook", "namespace": "ns", "labels": {"a": "b"}}}, "configured", 1),
        ({"metadata": {"name": "hook", "namespace": "ns", "annotations": {"a": "b"}}}, "configured", 1),
        ({"status": {"a": 1}}, "unchanged", 1),
    ],
)
def test_a_change(objects: Objects, clock: FakeClock, change: Body, what: str, generation: int) -> None:
    apply(objects, event_source(HOOK))
    before = objects.get("EventSource", "ns", "hook")["metadata"]
    clock.advance(60)
    (result,) = objects.apply(manifests({**event_source(HOOK), **change}))
    assert result.what == what
    after = objects.get("EventSource", "ns", "hook")["metadata"]
    assert after["generation"] == generation
    assert (after["uid"], after["creationTimestamp"]) == (before["uid"], before["creationTimestamp"])


def test_the_namespace_of_the_manifest_goes_before_the_given_one(objects: Objects) -> None:
    without = event_source(HOOK, name="other")
    del without["metadata"]["namespace"]
    objects.apply(manifests(event_source(HOOK), without), "given")
    assert objects.get("EventSource", "ns", "hook")["metadata"]["namespace"] == "ns"
    assert objects.get("EventSource", "given", "other")["metadata"]["namespace"] == "given"


def test_only_changes_move_the_version_of_the_whole(objects: Objects, store: FakeStore) -> None:
    def version() -> int:
        row = store.get(*VERSION_KEY)
        return int(row.data["number"]) if row else 0

    seen = [version()]
    for body in (event_source(HOOK), event_source(HOOK), event_source(CALENDAR)):
        apply(objects, body)
        seen.append(version())
    objects.delete([("EventSource", "ns", "hook")])
    assert [*seen, version()] == [0, 1, 1, 2, 3]


BROKEN: Sequence[tuple[Body, str]] = [
    ({**event_source(HOOK), "kind": "Gadget"}, "Gadget is not taken here"),
    ({**event_source(HOOK), "apiVersion": "v1"}, "is not taken here"),
    (event_source(HOOK, name=""), "metadata.name"),
    (event_source(HOOK, name="Upper"), "metadata.name"),
    (event_source(HOOK, name="a/b"), "metadata.name"),
    (event_source(HOOK, namespace="a.b"), "metadata.namespace"),
    (event_source(HOOK, namespace="a/b"), "metadata.namespace"),
    (event_source({"webhook": {"x": {"port": 1}}}), "spec.webhook.x.port"),
    (event_source({"webhook": {"x": {}}}), "spec.webhook.x.endpoint"),
    (sensor([trigger(conditions="nothing")]), "conditions"),
    (sensor([trigger(http={})]), "spec.triggers[0].template.http.url"),
]


@pytest.mark.parametrize(("bad", "reason"), BROKEN)
@pytest.mark.parametrize("first", [True, False])
def test_nothing_is_half_applied(objects: Objects, store: FakeStore, bad: Body, reason: str, first: bool) -> None:
    good = event_source(CALENDAR, name="good")
    with pytest.raises(InvalidObject) as refusal:
        apply(objects, *([bad, good] if first else [good, bad]))
    assert reason in str(refusal.value)
    assert store.query(OBJECTS_PK) == []
    assert store.query(CALENDAR_PK) == []


def test_every_problem_is_told_with_its_place(objects: Objects) -> None:
    text = f"""\
apiVersion: {GROUP_VERSION}
kind: EventSource
metadata: {{name: one}}
spec:
  webhook:
    example:
      port: "x"
---
apiVersion: {GROUP_VERSION}
kind: Sensor
metadata: {{name: two}}
spec: {{dependencies: [], triggers: []}}
"""
    with pytest.raises(InvalidObject) as refusal:
        objects.apply(read_manifests(text, "dir/all.yaml"))
    assert str(refusal.value).splitlines() == [
        "dir/all.yaml:6: EventSource/one: spec.webhook.example.endpoint: required, but empty; it is the path that callers "
        "use, such as /example",
        "dir/all.yaml:7: EventSource/one: spec.webhook.example.port: 'x' is not a port number",
        "dir/all.yaml:12: Sensor/two: spec.dependencies: a sensor needs at least one dependency",
        "dir/all.yaml:12: Sensor/two: spec.triggers: a sensor needs at least one trigger",
    ]


@pytest.mark.parametrize(
    ("bodies", "kind"),
    [
        ([event_source({"mns": {"x": MNS}})], Unsupported),
        ([event_source({"mns": {"x": MNS}}), event_source({"webhook": {"y": {}}}, name="b")], InvalidObject),
    ],
)
def test_what_is_not_served_is_no_mistake(objects: Objects, bodies: list[Body], kind: type[ArgosyError]) -> None:
    with pytest.raises(kind, match="no connector serves"):
        apply(objects, *bodies)


def test_one_object_given_twice(objects: Objects, store: FakeStore) -> None:
    with pytest.raises(InvalidObject, match="given twice"):
        apply(objects, event_source(HOOK), event_source(CALENDAR))
    assert store.query(OBJECTS_PK) == []


def test_a_race_is_told_and_nothing_is_written(clock: FakeClock) -> None:
    class Overtaken(FakeStore):
        """Somebody else writes the version row between our read and our write."""

        def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
            super().write([Put(Row(*VERSION_KEY, {"number": 7}))])
            super().write(changes, durable=durable)

    store = Overtaken(clock)
    with pytest.raises(Conflict):
        Objects(store, clock).apply(manifests(event_source(HOOK)))
    assert store.query(OBJECTS_PK) == []


# Timers of calendars


def timers(store: FakeStore) -> dict[str, float | None]:
    return {row.sk: row.due_at for row in store.query(CALENDAR_PK)}


def test_calendar_timers_follow_their_object(objects: Objects, store: FakeStore, clock: FakeClock) -> None:
    now = clock.now().timestamp()
    apply(objects, event_source({"calendar": {"a": {"interval": "10s"}, "b": {"interval": "20s"}}}))
    assert timers(store) == {"ns/hook/a": now + 10, "ns/hook/b": now + 20}
    clock.advance(5)
    apply(
        objects,
        event_source({"calendar": {"a": {"interval": "10s"}, "b": {"interval": "30s"}, "c": {"interval": "1s"}}}),
    )
    assert timers(store) == {"ns/hook/a": now + 10, "ns/hook/b": now + 35, "ns/hook/c": now + 6}
    apply(objects, event_source({"calendar": {"c": {"interval": "1s"}}}))
    assert timers(store) == {"ns/hook/c": now + 6}
    objects.delete([("EventSource", "ns", "hook")])
    assert timers(store) == {}


@pytest.mark.parametrize("entry", [{"schedule": "0 0 30 2 *"}, {"interval": "10s", "timezone": "Nowhere/Land"}])
def test_a_calendar_that_never_fires(objects: Objects, store: FakeStore, entry: Body) -> None:
    apply(objects, event_source({"calendar": {"a": entry}}))
    assert timers(store) == {"ns/hook/a": None}


# Get, list, delete


def test_listing(objects: Objects) -> None:
    apply(objects, event_source(HOOK), event_source(HOOK, name="b", namespace="other"), sensor([trigger()]))

    def names(kind: str, namespace: str | None) -> list[str]:
        return [one["metadata"]["name"] for one in objects.listing(kind, namespace)]

    assert names("EventSource", "ns") == ["hook"]
    assert names("EventSource", None) == ["hook", "b"]
    assert names("Sensor", "other") == []


@pytest.mark.parametrize(
    "place", [("EventSource", "ns", "x"), ("EventSource", "other", "hook"), ("Sensor", "ns", "hook")]
)
def test_what_is_not_there(objects: Objects, store: FakeStore, place: tuple[str, str, str]) -> None:
    apply(objects, event_source(HOOK))
    with pytest.raises(NotFound, match="not found"):
        objects.get(*place)
    with pytest.raises(NotFound, match="not found"):
        objects.delete([("EventSource", "ns", "hook"), place])
    assert len(store.query(OBJECTS_PK)) == 1, "deleting is all or nothing too"


def test_delete(objects: Objects, store: FakeStore) -> None:
    apply(objects, event_source(HOOK), sensor([trigger()]))
    results = objects.delete([("EventSource", "ns", "hook"), ("Sensor", "ns", "s")])
    assert [str(result) for result in results] == [
        "eventsource.argoproj.io/hook deleted",
        "sensor.argoproj.io/s deleted",
    ]
    assert store.query(OBJECTS_PK) == []


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("es", "EventSource"),
        ("eventsources", "EventSource"),
        ("EventSource", "EventSource"),
        ("eventsources.argoproj.io", "EventSource"),
        ("sensor", "Sensor"),
        ("Sensors", None),
        ("eb", "EventBus"),
        ("eventbus", "EventBus"),
        ("pods", None),
    ],
)
def test_words_for_kinds(word: str, kind: str | None) -> None:
    if kind is None and word != "Sensors":
        with pytest.raises(NotFound, match="eventsources"):
            kind_named(word)
    else:
        assert kind_named(word) == (kind or "Sensor")


def test_check_finds_everything_and_writes_nothing() -> None:
    body = event_source({"webhook": {"x": {}}, "mns": {"y": MNS}})
    found = check(Manifest(body))
    assert [type(problem) for problem in found] == [InvalidObject, InvalidObject, Unsupported]


def test_nested_values_survive(objects: Objects) -> None:
    spec: dict[str, Any] = {**HOOK, "template": {"container": {"env": [{"name": "a", "value": "1"}], "x": None}}}
    apply(objects, event_source(spec))
    assert objects.get("EventSource", "ns", "hook")["spec"] == spec


def test_a_folder_of_any_size_can_be_applied_and_deleted(objects: Objects) -> None:
    many = [event_source(HOOK, name=f"hook-{number:03}") for number in range(250)]
    assert apply(objects, *many) == [f"eventsource.argoproj.io/hook-{number:03} created" for number in range(250)]
    assert apply(objects, *many) == [f"eventsource.argoproj.io/hook-{number:03} unchanged" for number in range(250)]
    targets = [("EventSource", body["metadata"].get("namespace", "default"), body["metadata"]["name"]) for body in many]
    assert len(objects.delete(targets)) == 250
    assert objects.listing("EventSource", None) == []


@pytest.mark.parametrize("namespace", ["a/b", "", "A", "a.b"])
def test_a_namespace_that_is_none(objects: Objects, store: FakeStore, namespace: str) -> None:
    body = event_source(HOOK)
    del body["metadata"]["namespace"]
    with pytest.raises(InvalidObject, match="no namespace"):
        objects.apply(manifests(body), namespace)
    assert store.query(OBJECTS_PK) == []


@pytest.mark.parametrize("interval", ["500ms", "0s", "-5s", "999999us"])
def test_an_interval_that_never_moves_on(objects: Objects, interval: str) -> None:
    with pytest.raises(Unsupported, match=r"spec\.calendar\.a\.interval: .* 1s"):
        apply(objects, event_source({"calendar": {"a": {"interval": interval}}}))


class Racing(FakeStore):
    """Somebody else takes the next version number just before each of the first writes."""

    def __init__(self, clock: FakeClock, races: int) -> None:
        super().__init__(clock)
        self._races = races

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        if self._races:
            self._races -= 1
            row = self.get(*VERSION_KEY)
            super().write([Put(Row(*VERSION_KEY, {"number": row.data["number"] + 1 if row else 1}))])
        super().write(changes, durable=durable)


def test_applying_other_objects_at_the_same_time_is_no_conflict(clock: FakeClock) -> None:
    objects = Objects(Racing(clock, races=3), clock)
    assert apply(objects, event_source(HOOK)) == ["eventsource.argoproj.io/hook created"]
