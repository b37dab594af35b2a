"""Timers: on time, once, and in spite of lost messages; and how long an object waits after a failure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from argosy.control.backoff import backoff
from argosy.control.keys import Key
from argosy.control.state import CONTROL_PREFIX, State, States
from argosy.control.timers import Timers, read_timer
from argosy.control.wakes import WAKE_PREFIX, Wakes
from argosy.errors import Conflict, EvaluationError
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.store import FakeStore
from argosy.ports.queue import QueueSpec
from argosy.ports.store import Delete

WORK, TIMERS = "work", "timers"
KEY = Key("c", "g", "Kind", "ns", "a")


class Installation:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeStore(self.clock)
        self.queue = FakeQueue([QueueSpec(WORK, fifo=True), QueueSpec(TIMERS)], self.clock)
        self.states = States(self.store, self.clock, WORK)
        wakes = Wakes(self.store, self.queue, self.clock, WORK)
        self.timers = Timers(self.states, wakes, self.queue, self.clock, TIMERS)

    def set(self, seconds: float) -> State:
        before = self.states.load(KEY)
        due = self.clock.now().timestamp() + seconds
        saved = self.states.save(KEY, before, replace(before, next_due=due, timer=before.timer + 1))
        self.timers.send(KEY, saved)
        return saved

    def ring(self, *, times: int = 1) -> int:
        """Handle the messages that have come; how many."""
        deliveries = self.queue.receive(TIMERS, 10)
        for delivery in deliveries:
            for _ in range(times):
                self.timers.ring(*read_timer(delivery.body))
        self.queue.delete(TIMERS, [delivery.handle for delivery in deliveries])
        return len(deliveries)

    def tick(self) -> None:
        for row in self.store.due(self.clock.now().timestamp(), 10):
            if row.pk.startswith(CONTROL_PREFIX):
                self.timers.sweep(row)

    @property
    def woken(self) -> int:
        return self.queue.depth(WORK).total


@pytest.fixture
def made() -> Installation:
    return Installation()


@pytest.mark.parametrize(("seconds", "hops"), [(0, 1), (10, 1), (900, 1), (901, 2), (3600, 4), (86_400, 96)])
def test_on_time_in_as_many_messages_as_it_takes(made: Installation, seconds: float, hops: int) -> None:
    made.set(seconds)
    rung = made.ring()
    passed = 0.0
    while not made.woken and passed < seconds:
        assert made.queue.depth(TIMERS).total == 1
        made.clock.advance(min(900.0, seconds - passed))
        passed += 900.0
        rung += made.ring()
    assert (made.woken, rung) == (1, hops)
    assert made.queue.depth(TIMERS).total == 0


def test_a_message_that_came_twice_goes_on_once(made: Installation) -> None:
    made.set(2000)
    made.clock.advance(900)
    made.ring(times=3)
    assert made.queue.depth(TIMERS).total == 1
    made.clock.advance(900)
    made.ring(times=3)
    made.clock.advance(200)
    made.ring(times=3)
    assert (made.woken, made.queue.depth(TIMERS).total) == (1, 0)


def test_a_timer_that_was_replaced_does_not_ring(made: Installation) -> None:
    made.set(10)
    made.set(500)
    made.clock.advance(10)
    assert made.ring() == 1
    assert made.woken == 0
    made.clock.advance(490)
    made.ring()
    assert made.woken == 1


def test_a_lost_timer_is_found_half_a_minute_later(made: Installation) -> None:
    made.set(10)
    made.clock.advance(10)
    made.queue.delete(TIMERS, [delivery.handle for delivery in made.queue.receive(TIMERS, 10)])
    made.clock.advance(29)
    made.tick()
    assert made.woken == 0
    made.clock.advance(1)
    made.tick()
    made.tick()
    assert made.woken == 1


def test_a_ring_that_a_power_cut_undid_is_found_like_a_lost_timer(made: Installation) -> None:
    made.set(10)
    made.clock.advance(10)
    made.ring()
    # Both the wake's row and its message may be lost: the timer's own row is due until a turn has ended.
    made.store.write([Delete(f"{WAKE_PREFIX}{WORK}", str(KEY))])
    made.queue.delete(WORK, [delivery.handle for delivery in made.queue.receive(WORK, 10)])
    assert made.woken == 0
    made.clock.advance(30)
    made.tick()
    assert made.woken == 1


def test_a_timer_of_nothing(made: Installation) -> None:
    made.timers.ring(KEY, 1)
    made.timers.ring(KEY, 0)
    assert made.woken == 0


def test_a_turn_that_ends_during_a_hop_keeps_its_own_timer(made: Installation) -> None:
    before = made.set(2000)
    made.clock.advance(900)
    made.ring()
    saved = made.states.save(KEY, before, replace(before, next_due=None, timer=before.timer + 1))
    assert saved.timer > before.timer + 1
    made.clock.advance(2000)
    made.ring()
    assert made.woken == 0


def test_two_turns_of_one_object_do_not_both_write(made: Installation) -> None:
    before = made.set(10)
    made.states.save(KEY, before, replace(before, attempt=1))
    with pytest.raises(Conflict):
        made.states.save(KEY, before, replace(before, attempt=2))


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"timer": 7, "generation": 1}', '{"timer": "a/b/K/c/d", "generation": "1"}']
)
def test_what_is_no_timer(body: str) -> None:
    with pytest.raises(EvaluationError):
        read_timer(body)


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 2.5, 5), (2, 5, 10), (5, 40, 80), (9, 300, 600), (10_000, 300, 600)]
)
def test_waits_grow_and_end_somewhere(attempt: int, least: float, most: float) -> None:
    waits = [backoff(f"key{number}", attempt, 5.0) for number in range(50)]
    assert all(least <= wait <= most for wait in waits)
    assert len(set(waits)) > 40, "objects that failed together come again apart"
    assert waits == [backoff(f"key{number}", attempt, 5.0) for number in range(50)]
