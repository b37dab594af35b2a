"""Pumps of FIFO queues on a real queue: what is acknowledged, what comes again in its order, and what waits for it."""

from __future__ import annotations

import queue as queues
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.fifopump import FifoPump
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Outgoing, QueueSpec
from support.up import until

SPECS = (QueueSpec("work", fifo=True, max_receives=3, dlq="dead"), QueueSpec("dead", fifo=True))
WAIT = 20.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def queue(tmp_path: Path, clock: FakeClock) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(tmp_path / "queue.db", SPECS, clock)
    yield queue
    queue.close()


class Function:
    """A handler whose batches are taken by the test; it fails for the bodies in `bad`, and raises while `crashes`."""

    def __init__(self) -> None:
        self.batches: queues.Queue[list[str]] = queues.Queue()
        self.bad: set[str] = set()
        self.crashes = 0

    def __call__(self, event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        bodies = [record["body"] for record in event["Records"]]
        self.batches.put(bodies)
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("the function is broken")
        failures, stopped = [], set[str]()
        for record in event["Records"]:
            group = record["attributes"]["MessageGroupId"]
            if record["body"] in self.bad or group in stopped:
                stopped.add(group)
                failures.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failures}

    def next(self) -> list[str]:
        return self.batches.get(timeout=WAIT)


@pytest.fixture
def function() -> Function:
    return Function()


@pytest.fixture
def pump(queue: SqliteQueue, function: Function) -> Iterator[FifoPump]:
    pump = FifoPump(queue, "work", function)
    yield pump
    assert pump.stop(WAIT)


def send(queue: SqliteQueue, *bodies: str) -> None:
    """The first letter of a body is its group."""
    queue.send("work", [Outgoing(body, group=body[0]) for body in bodies])


def test_in_order_and_acknowledged(queue: SqliteQueue, pump: FifoPump, function: Function) -> None:
    send(queue, "a1", "b1", "a2")
    pump.start()
    seen = function.next()
    until(lambda: queue.depth("work").total == 0, "acknowledged")
    send(queue, "a3")
    pump.wake()
    assert seen + function.next() == ["a1", "b1", "a2", "a3"]


def test_what_a_crash_leaves_comes_again_in_its_order(
    queue: SqliteQueue, pump: FifoPump, function: Function, clock: FakeClock
) -> None:
    function.crashes = 1
    send(queue, "a1", "a2", "b1")
    pump.start()
    first = function.next()
    until(lambda: queue.depth("work").delayed == 3, "all wait")
    clock.advance(60)
    pump.wake()
    assert first == function.next() == ["a1", "a2", "b1"]
    until(lambda: queue.depth("work").total == 0, "acknowledged")


def test_a_group_waits_for_what_failed_and_others_do_not(
    queue: SqliteQueue, pump: FifoPump, function: Function, clock: FakeClock
) -> None:
    function.bad = {"a1"}
    send(queue, "a1", "a2", "b1")
    pump.start()
    assert function.next() == ["a1", "a2", "b1"]
    until(lambda: queue.depth("work").delayed == 2, "the group waits")
    send(queue, "a3", "b2")
    pump.wake()
    assert function.next() == ["b2"]
    function.bad = set()
    until(lambda: queue.depth("work").total == 3, "b2 is done")
    clock.advance(60)
    pump.wake()
    assert function.next() == ["a1", "a2", "a3"]


def test_what_always_fails_is_set_aside_and_its_group_goes_on(
    queue: SqliteQueue, pump: FifoPump, function: Function, clock: FakeClock
) -> None:
    function.bad = {"a1"}
    send(queue, "a1")
    pump.start()
    for _ in range(3):
        assert function.next() == ["a1"]
        until(lambda: queue.depth("work").delayed == 1, "it waits")
        clock.advance(60)
        pump.wake()
    until(lambda: queue.depth("dead").total == 1, "set aside")
    send(queue, "a2")
    pump.wake()
    assert function.next() == ["a2"]


def test_groups_side_by_side(queue: SqliteQueue) -> None:
    both = threading.Barrier(2)

    def meets(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        both.wait(WAIT)
        return {"batchItemFailures": []}

    pump = FifoPump(queue, "work", meets, threads=2)
    pump.start()
    send(queue, "a1")
    pump.wake()
    until(lambda: both.n_waiting == 1, "one works")
    send(queue, "b1")
    pump.wake()
    until(lambda: queue.depth("work").total == 0, "both done")
    assert pump.stop(WAIT)


def test_others_are_woken_when_it_has_worked(queue: SqliteQueue, function: Function) -> None:
    class Woken:
        def __init__(self) -> None:
            self.event = threading.Event()

        def wake(self) -> None:
            self.event.set()

    woken = Woken()
    pump = FifoPump(queue, "work", function, after=[woken])
    send(queue, "a1")
    pump.start()
    assert woken.event.wait(WAIT)
    assert pump.stop(WAIT)


def test_stopping_waits_for_what_is_in_flight(queue: SqliteQueue) -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        began.set()
        may_end.wait(WAIT)
        return {"batchItemFailures": []}

    pump = FifoPump(queue, "work", slow)
    send(queue, "a1")
    pump.start()
    assert began.wait(WAIT)
    assert not pump.stop(0.01)
    may_end.set()
    assert pump.stop(WAIT)
    assert queue.depth("work").total == 0
