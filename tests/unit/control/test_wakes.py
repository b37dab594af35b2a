"""Wakes: one message however often it is asked for, and none that is lost."""

from __future__ import annotations

import pytest

from argosy.control.wakes import Wakes, read_wake
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.store import FakeStore
from argosy.ports.queue import QueueSpec

WORK = "work"


class Work:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeStore(self.clock)
        self.queue = FakeQueue([QueueSpec(WORK, fifo=True)], self.clock)
        self.wakes = Wakes(self.store, self.queue, self.clock, WORK)

    def taken(self) -> list[str | None]:
        """The keys of the messages that wait."""
        deliveries = self.queue.receive(WORK, 100)
        self.queue.delete(WORK, [delivery.handle for delivery in deliveries])
        return [read_wake(delivery.body) for delivery in deliveries]

    def tick(self) -> None:
        self.wakes.again(self.store.due(self.clock.now().timestamp(), 100))


@pytest.fixture
def work() -> Work:
    return Work()


def test_many_wakes_are_one_message(work: Work) -> None:
    assert [work.wakes.wake("a") for _ in range(3)] == [True, False, False]
    assert work.wakes.wake("b")
    assert work.taken() == ["a", "b"]


def test_a_change_during_the_work_wakes_again(work: Work) -> None:
    work.wakes.wake("a")
    work.taken()
    work.wakes.clear("a")
    assert work.wakes.wake("a")
    assert work.taken() == ["a"]


def test_a_lost_message_is_sent_again(work: Work) -> None:
    work.store.write([work.wakes.row("a")])  # and whoever wrote it was killed before it could send
    work.clock.advance(59)
    work.tick()
    assert work.taken() == []
    work.clock.advance(1)
    work.tick()
    work.tick()
    assert work.taken() == ["a"]


def test_a_wake_that_was_handled_is_not_sent_again(work: Work) -> None:
    work.wakes.wake("a")
    work.clock.advance(60)
    (row,) = work.store.due(work.clock.now().timestamp(), 10)
    work.wakes.clear("a")
    work.taken()
    work.wakes.again([row])
    assert work.taken() == []


def test_of_several_that_are_due_those_are_sent_that_were_not_handled(work: Work) -> None:
    work.wakes.wake_all(["a", "b", "c"])
    work.clock.advance(60)
    rows = work.store.due(work.clock.now().timestamp(), 10)
    work.wakes.clear("b")
    work.taken()
    work.wakes.again(rows)
    assert work.taken() == ["a", "c"]


def test_several_are_woken_at_once(work: Work) -> None:
    work.wakes.wake("b")
    work.wakes.wake_all(["a", "b", "c"])
    assert work.taken() == ["b", "a", "c"]


def test_many_are_woken_little_by_little(work: Work) -> None:
    keys = [f"k{number:03}" for number in range(300)]
    work.wakes.spread(keys)
    taken: list[str | None] = []
    counts = []
    for _ in range(51):
        work.tick()
        counts.append(len(now := work.taken()))
        taken += now
        work.clock.advance(1)
    assert taken == keys
    assert max(counts) == 6, "as many in each second"


def test_those_who_come_meanwhile_wait_behind_those_who_wait(work: Work) -> None:
    keys = [f"k{number:03}" for number in range(300)]
    work.wakes.spread(keys)
    counts = []
    for second in range(61):
        work.tick()
        now = work.taken()
        counts.append(len(now))
        for key in now:
            work.wakes.clear(str(key))
        if second in (5, 10):
            work.wakes.spread(keys)
        work.clock.advance(1)
    assert max(counts) == 6, "as many in each second, however often they are asked for"
    assert sum(counts) == 300 + 30 + 30


def test_who_is_to_be_woken_later_can_be_woken_now(work: Work) -> None:
    work.wakes.spread(["a", "b"])
    assert work.wakes.wake("a")
    assert not work.wakes.wake("a")
    assert work.taken() == ["a"]
    work.wakes.clear("a")
    work.clock.advance(1)
    work.tick()
    assert work.taken() == ["b"]


def test_who_is_to_be_woken_now_is_not_put_off(work: Work) -> None:
    work.wakes.wake("a")
    work.wakes.spread(["a", "b"])
    assert work.taken() == ["a"]


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "{}", '{"wake": 7}', '{"wake": null}'])
def test_what_is_no_wake(body: str) -> None:
    assert read_wake(body) is None
