"""The tick: calendars on time, late, missed; repeated ticks publish the same events."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Delete, Put
from argosy.services.calendars import CALENDAR_PK
from argosy.services.objects import Objects
from argosy.services.queues import RECONCILE_APP
from support.events import Body, dependency, event_source, sensor, trigger
from support.services import FakeInstallation


def installed(name: str = "cal", **entries: Body) -> FakeInstallation:
    made = FakeInstallation()
    made.apply(event_source({"calendar": entries}, name=name))
    return made


def times(messages: list[Body]) -> list[str]:
    return [json.loads(message["event"]["data"])["eventTime"][11:19] for message in messages]


def test_a_calendar_fires_when_it_is_due() -> None:
    made = installed(tick={"interval": "10s", "metadata": {"a": "b"}})
    made.clock.advance(9.9)
    assert made.runtime.ticker.tick() == 0
    made.clock.advance(0.1)
    assert made.runtime.ticker.tick() == 1
    assert made.runtime.ticker.tick() == 0
    (message,) = made.events()
    event = message["event"]
    assert (message["namespace"], message["bus"]) == ("ns", "default")
    assert (event["type"], event["source"], event["subject"]) == ("calendar", "cal", "tick")
    assert json.loads(event["data"]) == {"eventTime": "2026-01-01 00:00:10 +0000 UTC", "metadata": {"a": "b"}}


def test_it_keeps_its_beat() -> None:
    made = installed(tick={"interval": "10s"})
    for _ in range(6):
        made.clock.advance(7)
        made.runtime.ticker.tick()
    assert times(made.events()) == ["00:00:10", "00:00:20", "00:00:30", "00:00:40"]


@pytest.mark.parametrize(
    ("entry", "away", "fired"),
    [
        ({"schedule": "*/10 * * * *"}, 3600 + 61, ["01:00:00"]),
        ({"schedule": "*/10 * * * *"}, 3600 + 300, []),
        (
            {"schedule": "*/30 * * * *", "persistence": {"catchup": {"enabled": True}}},
            3700,
            ["00:30:00", "01:00:00"],
        ),
        (
            {"schedule": "*/30 * * * *", "persistence": {"catchup": {"enabled": True, "maxDuration": "20m"}}},
            3700,
            ["01:00:00"],
        ),
    ],
)
def test_after_a_time_away(entry: Body, away: float, fired: list[str]) -> None:
    made = installed(tick=entry)
    made.clock.advance(away)
    made.runtime.ticker.tick()
    assert times(made.events()) == fired
    due = made.runtime.store.next_due()
    assert due is not None
    assert due > made.clock.now().timestamp()


def test_a_long_catch_up_goes_on_with_the_next_tick() -> None:
    made = installed(tick={"schedule": "* * * * *", "persistence": {"catchup": {"enabled": True}}})
    made.clock.advance(2 * 86_400)
    published = [made.runtime.ticker.tick() for _ in range(4)]
    assert published == [1000, 1000, 880, 0]
    assert len({message["event"]["id"] for message in made.events()}) == 2880


def test_the_filter_of_the_entry() -> None:
    made = installed(
        no={"interval": "10s", "filter": {"expression": "false"}},
        yes={"interval": "10s", "filter": {"expression": "true"}},
    )
    made.clock.advance(10)
    made.runtime.ticker.tick()
    assert [message["event"]["subject"] for message in made.events()] == ["yes"]


def test_every_calendar_has_its_own_events() -> None:
    made = installed(a={"interval": "10s"}, b={"interval": "10s"})
    made.apply(event_source({"calendar": {"a": {"interval": "10s"}}}, name="other"))
    made.clock.advance(10)
    assert made.runtime.ticker.tick() == 3
    assert len({message["event"]["id"] for message in made.events()}) == 3


@pytest.mark.parametrize("name", ["a/b", "a.b", "a b", "é", "a/b/c"])
def test_any_name_of_an_event_will_do(name: str) -> None:
    entries = {name: {"interval": "10s"}, "plain": {"interval": "10s"}}
    made = FakeInstallation()
    made.apply(event_source({"calendar": entries}, name="cal"))
    made.clock.advance(10)
    made.runtime.ticker.tick()
    assert sorted(message["event"]["subject"] for message in made.events()) == sorted([name, "plain"])
    made.apply(event_source({"calendar": {"plain": {"interval": "10s"}}}, name="cal"))
    assert [row.sk for row in made.runtime.store.query(CALENDAR_PK)] == ["ns/cal/plain"]


def test_a_deleted_calendar_fires_nothing() -> None:
    made = installed(tick={"interval": "10s"})
    Objects(made.runtime.store, made.clock).delete([("EventSource", "ns", "cal")])
    made.clock.advance(10)
    assert made.runtime.ticker.tick() == 0


def test_a_tick_that_died_publishes_the_same_events_again() -> None:
    class Dying(FakeStore):
        """The process dies before the timer is moved on."""

        dying = False

        def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
            if self.dying:
                raise KeyboardInterrupt
            super().write(changes, durable=durable)

    clock = FakeClock()
    store = Dying(clock)
    made = FakeInstallation(clock=clock, store=store)
    made.apply(event_source({"calendar": {"tick": {"interval": "10s"}}}, name="cal"))
    clock.advance(10)
    store.dying = True
    with pytest.raises(KeyboardInterrupt):
        made.runtime.ticker.tick()
    store.dying = False
    clock.advance(3)
    assert made.runtime.ticker.tick() == 1
    first, second = (message["event"] for message in made.events())
    assert first["id"] == second["id"]
    assert first["data"] == second["data"]


def test_two_ticks_at_once_publish_events_of_one_id() -> None:
    class Racing(FakeStore):
        """Another tick comes between our reading and our writing."""

        other: FakeInstallation | None = None

        def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
            other, self.other = self.other, None
            if other is not None:
                assert other.runtime.ticker.tick() == 1
            super().write(changes, durable=durable)

    clock = FakeClock()
    store = Racing(clock)
    made, other = (FakeInstallation(clock=clock, store=store) for _ in range(2))
    made.apply(
        event_source({"calendar": {"tick": {"interval": "10s"}}}, name="cal"),
        sensor([trigger()], [dependency("dep", source="cal", subject="tick")]),
    )
    clock.advance(10)
    store.other = other
    made.runtime.ticker.tick()
    ids = {message["event"]["id"] for one in (made, other) for message in one.events()}
    assert len(ids) == 1
    assert made.runtime.ticker.tick() == 0


def test_all_wakes_that_are_due_are_sent_at_once() -> None:
    made = FakeInstallation()
    made.runtime.app_wakes.spread([f"a{number:03}" for number in range(250)])
    made.clock.advance(60)
    made.runtime.ticker.tick()
    assert made.runtime.queue.depth(RECONCILE_APP).total == 250
