"""What is kept of events, firings and attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.errors import Denied, InvalidObject, NotFound, Unavailable
from argosy.events.effects import HttpCall
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Row
from argosy.services.fire import Firings
from argosy.services.history import Page, event_rows, instant, listed
from argosy.services.versions import version_at
from support.events import dependency, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

ID = "0123456789abcdef0123456789abcdef"


def page(made: FakeInstallation, limit: int = 100, before: str = "", since: float = 86_400.0) -> Page:
    now = made.clock.now()
    return listed(made.runtime.store, "ns", now - timedelta(seconds=since), now + timedelta(seconds=1), limit, before)


def shown(made: FakeInstallation, name: str) -> tuple[list[Any], list[Any]]:
    _, firings, attempts = event_rows(made.runtime.store, "ns", name)
    states = [(one["trigger"], one["attempt"], one["state"]) for one in attempts]
    return [(one["sensor"], one["trigger"], one["events"]) for one in firings], states


def test_an_event_and_what_became_of_it() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger("one"), trigger("two")]))
    made.sense(event({"n": 1}))
    made.carry_out()
    row, _, _ = event_rows(made.runtime.store, "ns", ID)
    assert row.data["event"] == event({"n": 1}).as_json()
    assert (row.data["trace"], row.data["bus"]) == (ID, "default")
    firings, attempts = shown(made, ID)
    assert firings == [("s", "one", {"dep": ID}), ("s", "two", {"dep": ID})]
    assert sorted(attempts) == [("one", 1, "fired"), ("two", 1, "fired")]


def test_an_event_that_nobody_hears_is_kept() -> None:
    made = FakeInstallation()
    made.sense(event({}))
    assert shown(made, ID) == ([], [])


def test_every_attempt_with_its_reason() -> None:
    made = FakeInstallation(executor=RecordingExecutor([Unavailable("down"), Denied("no")]))
    retrying = {"atLeastOnce": True, "retryStrategy": {"steps": 2, "jitter": 0}}
    made.apply(sensor([trigger(more=retrying | {"rateLimit": {"requestsPerUnit": 1}})]))
    made.sense(event({}))
    made.carry_out()
    _, _, attempts = event_rows(made.runtime.store, "ns", ID)
    told = [(one["attempt"], one["state"], one["reason"]) for one in attempts]
    assert told == [(1, "repeated", "down"), (2, "failed", "no")]


def test_a_join_is_told_of_each_of_its_events() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger("join")], [dependency("a"), dependency("b", subject="other")]))
    made.sense(event({}, id="a1"))
    assert shown(made, "a1") == ([], [])
    made.sense(event({}, id="b1", subject="other"))
    made.carry_out()
    fired = ([("s", "join", {"a": "a1", "b": "b1"})], [("join", 1, "fired")])
    assert shown(made, "a1") == shown(made, "b1") == fired


def test_events_are_listed_newest_first_page_by_page() -> None:
    made = FakeInstallation()
    for hour in range(40):
        made.sense(event({}, id=f"e{hour}-1"), event({}, id=f"e{hour}-2"))
        made.clock.advance(3600)
    assert len(page(made)) == 48
    following = page(made, limit=10, since=100 * 3600)
    found = list(following)
    while following.next:
        following = page(made, limit=10, before=following.next, since=100 * 3600)
        found += following
    assert [line["id"] for line in found] == [f"e{hour}-{n}" for hour in reversed(range(40)) for n in (2, 1)]
    assert {line["firings"] for line in found} == {0}


def test_history_ends_after_seven_days() -> None:
    made = FakeInstallation()
    made.sense(event({}))
    made.clock.advance(7 * 86_400)
    with pytest.raises(NotFound, match="7 days"):
        event_rows(made.runtime.store, "ns", ID)
    assert page(made, since=30 * 86_400) == []


def test_a_firing_carries_its_trace() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger(http={"url": "http://x/"})]))
    made.sense(event({}))
    made.carry_out()
    ((effect, firing),) = made.executor.done
    assert isinstance(effect, HttpCall)
    assert firing.trace == ID


def test_the_version_of_a_sensor_that_was_in_force() -> None:
    made = FakeInstallation()
    times = []
    for name in ("one", "two"):
        made.apply(sensor([trigger(name)]))
        made.clock.advance(60)
        times.append(made.clock.now().isoformat())
        made.clock.advance(60)
    made.runtime.objects.delete([("Sensor", "ns", "s")])
    made.clock.advance(60)
    stored = [version_at(made.runtime.store, "ns", "s", at) for at in (*times, made.clock.now().isoformat())]
    assert [one and one["spec"]["triggers"][0]["template"]["name"] for one in stored] == ["one", "two", None]
    made.clock.advance(9 * 86_400)
    assert made.runtime.store.query("versions/ns/s") == []


@pytest.mark.parametrize("together", [True, False])
def test_attempts_gathered_with_their_event_or_after_it(together: bool) -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger()]))
    made.runtime.sensing.begin()
    sent = made.runtime.sensing.decide(made.bus_message(event({})))
    if not together:
        made.runtime.history.write()
    asyncio.run(Firings(made.runtime).carry_out(sent[0].body))
    made.runtime.history.write()
    assert len(made.runtime.store.query(f"event/ns/{ID}")) == (1 if together else 2)
    assert shown(made, ID)[1] == [("t", 1, "fired")]


def test_what_cannot_be_kept_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Full(FakeStore):
        def keep(self, rows: Sequence[Row]) -> None:
            raise Unavailable("disk full")

    clock = FakeClock()
    made = FakeInstallation(clock=clock, store=Full(clock))
    made.apply(sensor([trigger()]))
    assert len(made.sense(event({}))) == 1
    assert "disk full" in caplog.text


NOW = datetime(2026, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("7d", "2026-01-01T00:00:00Z"),
        ("90s", "2026-01-07T23:58:30Z"),
        ("15m", "2026-01-07T23:45:00Z"),
        ("2026-01-05T01:00:00+01:00", "2026-01-05T00:00:00Z"),
        ("yesterday", None),
        ("", None),
        ("d", None),
        ("-1d", None),
        ("99999999999d", None),
        ("99999999d", "2025-12-31T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "2025-12-31T00:00:00Z"),
        ("8000-01-01T00:00:00Z", "2026-01-09T00:00:00Z"),
    ],
)
def test_times(text: str, at: str | None) -> None:
    if at is None:
        with pytest.raises(InvalidObject):
            instant(text, NOW)
    else:
        assert instant(text, NOW) == datetime.fromisoformat(at)
