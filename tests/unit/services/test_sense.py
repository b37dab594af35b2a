"""Sensors on events: firings, joins, and that a redelivered event fires nothing new, wherever the crash was."""

from __future__ import annotations

import copy
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest

from argosy.errors import Conflict, NotFound
from argosy.events.envelope import Event
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Delete, Put
from argosy.services.objects import Objects
from argosy.services.queues import BUS, TRIGGERS
from support.events import Body, dependency, event, sensor, trigger
from support.services import FakeInstallation

JOIN = sensor([trigger("join")], [dependency("a"), dependency("b", subject="other")])
FILTER = {"data": [{"path": "body.n", "type": "number", "value": ["1"]}]}


def a(number: int = 1, minute: int = 0, data: object = None) -> Event:
    return event({} if data is None else data, id=f"a{number}", time=f"2026-01-01T00:{minute:02}:00Z")


def b(number: int = 1, minute: int = 0) -> Event:
    return event({}, id=f"b{number}", subject="other", time=f"2026-01-01T00:{minute:02}:00Z")


def installed(*bodies: Body, **made: Any) -> FakeInstallation:
    installation = FakeInstallation(**made)
    installation.apply(*(bodies or (JOIN,)))
    return installation


def used(firings: Sequence[Body]) -> list[Body]:
    return [firing["events"] for firing in firings]


# Firing at once


def test_every_sensor_and_trigger_fires() -> None:
    made = installed(sensor([trigger("one"), trigger("two")], name="s1"), sensor([trigger("three")], name="s2"))
    firings = made.sense(event({}))
    assert [(firing["sensor"], firing["trigger"]) for firing in firings] == [
        ("s1", "one"),
        ("s1", "two"),
        ("s2", "three"),
    ]
    assert made.runtime.queue.depth(TRIGGERS).visible == 3


IS_ONE = {"exprs": [{"expr": "n == 1", "fields": [{"name": "n", "path": "body.n"}]}]}
ASKS = sensor([trigger("asks")], [dependency("dep", filters=IS_ONE)], name="asks")


@pytest.mark.parametrize(
    "poison", ['["\\ud83d"]', "1e999", "9" * 5000, "[" * 1100 + "]" * 1100, '{"a": 1e999}'], ids=len
)
def test_what_one_sensor_cannot_read_keeps_the_event_from_no_other(poison: str) -> None:
    made = installed(ASKS, sensor([trigger("plain")], name="plain"))
    firings = made.sense(replace(event({}), data=f'{{"body": {{"n": {poison}}}}}'))
    assert [firing["sensor"] for firing in firings] == ["plain"]


class _Broken:
    """A jq that fails in a way that nobody has foreseen."""

    def check(self, program: str) -> None:
        """Every program can be read."""

    def first(self, program: str, document: str) -> str:
        raise RuntimeError(f"{program} on {len(document)} characters")


def test_a_defect_that_one_sensor_finds_keeps_the_event_from_no_other() -> None:
    turned = sensor([trigger("turned")], [dependency("dep", transform={"jq": ".body"})], name="turned")
    made = installed(turned, sensor([trigger("plain")], name="plain"), jq=_Broken())
    assert [firing["sensor"] for firing in made.sense(event({}))] == ["plain"]
    assert "RuntimeError" in made.status("turned")["dependencies"]["dep"]["lastDropped"]


@pytest.mark.parametrize(
    ("sent", "fires"),
    [
        (event({"body": {"n": 1}}), 1),
        (event({"body": {"n": 2}}), 0),
        (event({"body": {}}), 0),
        (event({"body": {"n": 1}}, subject="other"), 0),
        (event({"body": {"n": 1}}, source="other"), 0),
    ],
)
def test_what_matches_fires(sent: Event, fires: int) -> None:
    made = installed(sensor([trigger()], [dependency("dep", filters=FILTER)]))
    assert len(made.sense(sent)) == fires
    assert made.runtime.queue.depth(TRIGGERS).total == fires


@pytest.mark.parametrize(("namespace", "bus"), [("other", "default"), ("ns", "other")])
def test_namespaces_and_buses_are_apart(namespace: str, bus: str) -> None:
    made = installed(sensor([trigger()]))
    made.runtime.sensing.begin()
    assert made.runtime.sensing.decide(made.bus_message(event({}), namespace=namespace, bus=bus)) == []


def test_a_filter_that_fails_is_kept_with_the_sensor() -> None:
    made = installed(sensor([trigger()], [dependency("dep", filters=FILTER)]))
    made.sense(event({"body": {}}, id="e1"), event({"body": {}}, id="e2"))
    dropped = made.status()["dependencies"]["dep"]
    assert dropped["dropped"] == 2
    assert "e2" in dropped["lastDropped"]
    assert "body.n" in dropped["lastDropped"]


def test_a_change_of_the_sensor_counts_from_the_next_batch() -> None:
    made = installed(sensor([trigger("old")]))
    assert [firing["trigger"] for firing in made.sense(event({}))] == ["old"]
    made.apply(sensor([trigger("new")]))
    assert [firing["trigger"] for firing in made.sense(event({}))] == ["new"]


def test_a_firing_that_cannot_be_built_is_handed_on_with_its_problem() -> None:
    made = installed(
        sensor(
            [
                trigger(
                    http={
                        "url": "http://x/",
                        "payload": [{"src": {"dependencyName": "dep", "dataKey": "x"}, "dest": "x"}],
                    }
                )
            ]
        )
    )
    (firing,) = made.sense(event({}))
    assert "effect" not in firing
    assert "'x'" in firing["problem"]


@pytest.mark.parametrize(
    "payload",
    ['{"a":' + "[" * depth + "]" * depth + "}" for depth in (300, 900, 3000)]
    + ['{"a": 1e999}', '{"a": "\\ud800"}', "nope"],
)
@pytest.mark.parametrize(
    "template", [{"log": {}}, {"k8s": {"source": {"resource": {"kind": "P", "apiVersion": "v1"}}}}]
)
def test_no_payload_is_a_defect(payload: str, template: Body) -> None:
    parameters = [
        {"src": {"dependencyName": "dep", "dataKey": "a", "useRawData": True}, "dest": "k8s.source.resource.spec"}
    ]
    more = {"parameters": parameters} if "k8s" in template else {}
    made = installed(sensor([trigger(more=more, **template)]))
    assert len(made.sense(event(payload))) == 1


@pytest.mark.parametrize(
    "body", ["nope", "[]", "{}", '{"namespace": "ns", "bus": "default"}', '{"namespace":"n","bus":"b","event":{}}']
)
def test_what_is_no_bus_message(body: str) -> None:
    made = installed()
    made.runtime.sensing.begin()
    assert made.runtime.sensing.decide(body) == []
    ((kept, origin, reason),) = made.set_aside(BUS)
    assert (kept, origin) == (body, BUS)
    assert reason


def test_a_message_whose_blob_is_gone() -> None:
    made = installed()
    made.runtime.sensing.begin()
    with pytest.raises(NotFound):
        made.runtime.sensing.decide('{"blob": "messages/gone"}')


# Redelivery


@pytest.mark.parametrize(
    "body",
    [
        sensor([trigger("one"), trigger("two")]),
        sensor([trigger(conditions="a || b")], [dependency("a"), dependency("b")]),
    ],
)
def test_a_redelivered_event_gives_the_same_firings(body: Body) -> None:
    made = installed(body)
    first = made.sense(event({"n": 1}))
    made.clock.advance(200)
    assert made.sense(event({"n": 1})) == first
    assert len({firing["id"] for firing in first}) == len(first) == 2


def test_a_redelivered_batch_gives_the_same_joins() -> None:
    made = installed()
    batch = [a(1), b(1), a(2, 1), b(2, 1)]
    first = made.sense(*batch)
    assert used(first) == [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}]
    for _ in range(3):
        made.clock.advance(300)
        assert made.sense(*batch) == first


def test_what_was_used_does_not_wait_again() -> None:
    made = installed()
    made.sense(a(1), b(1))
    made.sense(a(1))
    assert made.sense(b(2)) == []


# Joins


@pytest.mark.parametrize(
    ("events", "firings"),
    [
        ([a(1), b(1)], [{"a": "a1", "b": "b1"}]),
        ([b(1), a(1)], [{"a": "a1", "b": "b1"}]),
        ([a(1), a(2, 1), b(1)], [{"a": "a2", "b": "b1"}]),
        ([a(2, 5), a(1, 1), b(1)], [{"a": "a2", "b": "b1"}]),
        ([a(1), a(2)], []),
        ([a(1), b(1), b(2)], [{"a": "a1", "b": "b1"}]),
        ([a(1), b(1), b(2), a(2)], [{"a": "a1", "b": "b1"}, {"a": "a2", "b": "b2"}]),
    ],
)
def test_joins(events: list[Event], firings: list[Body]) -> None:
    together, alone = installed(), installed()
    assert used(together.sense(*events)) == firings
    assert used([firing for one in events for firing in alone.sense(one)]) == firings


def test_triggers_and_sensors_share_no_waiting_events() -> None:
    made = installed(JOIN, sensor([trigger("join")], JOIN["spec"]["dependencies"], name="s2"))
    assert len(made.sense(a(1), b(1))) == 2


def test_a_join_outlives_the_process() -> None:
    clock = FakeClock()
    store = FakeStore(clock)
    installed(clock=clock, store=store).sense(a(1))
    again = FakeInstallation(clock=clock, store=store)
    assert used(again.sense(b(1))) == [{"a": "a1", "b": "b1"}]


def test_other_conditions_begin_anew() -> None:
    made = installed()
    made.sense(a(1))
    made.apply(sensor([trigger("join", conditions="a && b", log={"intervalSeconds": 1})], JOIN["spec"]["dependencies"]))
    assert made.sense(b(1)) == []
    assert used(made.sense(a(2))) == [{"a": "a2", "b": "b1"}]


def test_a_change_elsewhere_keeps_what_waits() -> None:
    made = installed()
    made.sense(a(1))
    made.apply(sensor([trigger("join", http={"url": "http://new/"})], JOIN["spec"]["dependencies"]))
    assert used(made.sense(b(1))) == [{"a": "a1", "b": "b1"}]


def test_a_join_keeps_what_the_transform_made() -> None:
    transform = {"script": "return {from = event.n}"}
    payload = [{"src": {"dependencyName": name, "dataKey": "from"}, "dest": name} for name in ("a", "b")]
    made = installed(
        sensor(
            [trigger("join", http={"url": "http://x/", "payload": payload})],
            [dependency("a", transform=transform), dependency("b", subject="other", transform=transform)],
        )
    )
    other = event({"n": "two"}, id="b1", subject="other", time="2026-01-01T00:00:00Z")
    (firing,) = made.sense(a(data={"n": "one"}), other)
    assert orjson.loads(firing["effect"]["body"]) == {"a": "one", "b": "two"}


def test_a_filtered_event_does_not_join() -> None:
    made = installed(sensor([trigger("join")], [dependency("a", filters=FILTER), dependency("b", subject="other")]))
    assert made.sense(a(1, data={"body": {"n": 2}}), b(1)) == []
    assert used(made.sense(a(2, data={"body": {"n": 1}}))) == [{"a": "a2", "b": "b1"}]


RESET = [{"byTime": {"cron": "0 * * * *"}}]


@pytest.mark.parametrize(
    ("before", "between", "fires"), [(600, 600, True), (600, 2999, True), (600, 3000, False), (600, 90_000, False)]
)
def test_a_reset_forgets_what_waits(before: int, between: int, fires: bool) -> None:
    made = installed(sensor([trigger("join", log={}, conditionsReset=RESET)], JOIN["spec"]["dependencies"]))
    made.clock.advance(before)
    made.sense(a(1))
    made.clock.advance(between)
    assert bool(made.sense(b(1))) == fires
    made.clock.advance(1)
    assert used(made.sense(a(2))) == ([] if fires else [{"a": "a2", "b": "b1"}])


def test_what_waits_keeps_its_age_while_others_come() -> None:
    depends = [dependency("a"), dependency("b", subject="other"), dependency("c", subject="third")]
    made = installed(sensor([trigger("join", log={}, conditionsReset=RESET)], depends))
    made.clock.advance(3000)
    made.sense(a(1))
    made.clock.advance(900)
    made.sense(b(1))
    assert made.sense(event({}, id="c1", subject="third")) == []


# Crashes and races


class Dying(FakeStore):
    """Writes, and then the process dies before it can do anything else."""

    dying = False

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        super().write(changes, durable=durable)
        if self.dying:
            raise KeyboardInterrupt


@pytest.mark.parametrize("first", [True, False])
def test_a_crash_between_the_write_of_a_join_and_its_firing(first: bool) -> None:
    clock = FakeClock()
    store = Dying(clock)
    made = installed(clock=clock, store=store)
    if not first:
        made.sense(a(1))
    store.dying = True
    last = a(1) if first else b(1)
    with pytest.raises(KeyboardInterrupt):
        made.sense(last)
    store.dying = False
    again = FakeInstallation(clock=clock, store=store)
    firings = again.sense(last)
    if first:
        firings = again.sense(b(1))
    assert used(firings) == [{"a": "a1", "b": "b1"}]
    assert again.sense(last) == ([] if first else firings), "the same firing as often as it is asked for"


def test_a_lost_race_decides_again() -> None:
    class Racing(FakeStore):
        """Before our first write of the join, another consumer handles `b`."""

        other: FakeInstallation | None = None

        def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
            other, self.other = self.other, None
            if other is not None:
                assert other.sense(b(1)) == []
            super().write(changes, durable=durable)

    clock = FakeClock()
    store = Racing(clock)
    made, other = installed(clock=clock, store=store), FakeInstallation(clock=clock, store=store)
    store.other = other
    assert used(made.sense(a(1))) == [{"a": "a1", "b": "b1"}]


def test_a_race_lost_for_ever_fails_the_record() -> None:
    class Losing(FakeStore):
        """Another is always faster."""

        losing = False

        def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
            if self.losing:
                raise Conflict("another was faster")
            super().write(changes, durable=durable)

    clock = FakeClock()
    store = Losing(clock)
    made = installed(clock=clock, store=store)
    store.losing = True
    with pytest.raises(Conflict, match="join of ns/s trigger join"):
        made.sense(a(1))


def test_many_consumers_lose_no_event_of_a_join() -> None:
    clock = FakeClock()
    store = FakeStore(clock)
    installed(clock=clock, store=store)
    firings: list[Body] = []

    def consume(events: list[Event]) -> None:
        firings.extend(FakeInstallation(clock=clock, store=store).sense(*events))

    threads = [threading.Thread(target=consume, args=([one],)) for one in [a(n, n) for n in range(1, 9)] + [b(1, 1)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not firings:
        raise AssertionError("b came and fired nothing")
    assert len(firings) == 1
    assert firings[0]["events"]["b"] == "b1"


def test_a_changed_dependency_forgets_its_event() -> None:
    made = installed()
    assert made.sense(a(1)) == []
    body = copy.deepcopy(JOIN)
    body["spec"]["dependencies"][0]["eventName"] = "another"
    made.apply(body)
    assert made.sense(b(1)) == []


def test_a_sensor_made_again_starts_with_nothing() -> None:
    made = installed()
    assert made.sense(a(1)) == []
    Objects(made.runtime.store, made.clock).delete(
        [("Sensor", JOIN["metadata"]["namespace"], JOIN["metadata"]["name"])]
    )
    made.apply(JOIN)
    assert made.sense(b(1)) == []
