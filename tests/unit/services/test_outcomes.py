"""Counters of sensors and when they are written."""

from __future__ import annotations

import pytest

from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.services.outcomes import Outcomes, sensor_status


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> FakeStore:
    return FakeStore(clock)


def test_counters_of_several_batches_and_processes_add_up(store: FakeStore, clock: FakeClock) -> None:
    for outcomes in (Outcomes(store, clock), Outcomes(store, clock)):
        for _ in range(3):
            outcomes.fired("ns", "s", "t", clock.now())
            outcomes.fired("ns", "s", "u", clock.now())
            outcomes.write()
            clock.advance(1)
    triggers = sensor_status(store, "ns", "s")["triggers"]
    assert {name: found["fired"] for name, found in triggers.items()} == {"t": 6, "u": 6}
    assert triggers["t"]["lastFiredAt"] == "2026-01-01T00:00:05.000000Z"
    assert sensor_status(store, "ns", "other") == {"triggers": {}}


def test_they_are_written_at_most_once_in_a_while(store: FakeStore, clock: FakeClock) -> None:
    outcomes = Outcomes(store, clock, every=1.0)

    def fired() -> int:
        return int(sensor_status(store, "ns", "s")["triggers"].get("t", {}).get("fired", 0))

    seen = []
    for _ in range(4):
        outcomes.fired("ns", "s", "t", clock.now())
        outcomes.write()
        seen.append(fired())
        clock.advance(0.5)
    outcomes.write(now=True)
    assert [*seen, fired()] == [1, 1, 3, 3, 4]


def test_a_trigger_may_be_called_like_a_dependency_row(store: FakeStore, clock: FakeClock) -> None:
    outcomes = Outcomes(store, clock)
    outcomes.dropped("ns", "s", "dep", "broken", "e1", clock.now())
    outcomes.fired("ns", "s", "dep", clock.now())
    outcomes.write()
    status = sensor_status(store, "ns", "s")
    assert status["dependencies"]["dep"]["dropped"] == 1
    assert status["triggers"]["dep"]["fired"] == 1


def test_the_latest_failures_are_shown(store: FakeStore, clock: FakeClock) -> None:
    outcomes = Outcomes(store, clock)
    for number in range(30):
        outcomes.failed("ns", "s", "t", f"reason {number}", clock.now(), f"f{number}", {"dep": "e"})
        clock.advance(1)
    failures = sensor_status(store, "ns", "s", limit=20)["failures"]
    assert [failure["reason"] for failure in failures] == [f"reason {number}" for number in range(29, 9, -1)]
