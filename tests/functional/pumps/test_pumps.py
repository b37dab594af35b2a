"""Pumps on a real queue: what is acknowledged, what comes again, and what is done in passing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.local.functions import Handler
from argosy.local.pumps import Pump
from argosy.ports.clock import SystemClock
from argosy.ports.queue import Depth, Outgoing, QueueSpec

SPECS = (QueueSpec("first", max_receives=5), QueueSpec("second", max_receives=5))
WAIT = 20.0
Fail = Callable[[str], bool]


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteQueue]:
    queue = SqliteQueue(tmp_path / "queue.db", SPECS, SystemClock())
    yield queue
    queue.close()


class Function:
    """A handler that notes what it was called with, passes it on if told to, and fails as told."""

    def __init__(self, queue: SqliteQueue, to: str = "", fail: Fail | None = None) -> None:
        self._queue, self._to, self._fail = queue, to, fail or (lambda _: False)
        self.seen: list[str] = []
        self.threads: set[str] = set()

    def __call__(self, event: dict[str, Any], context: Any) -> Mapping[str, Any]:
        self.threads.add(threading.current_thread().name)
        failures = []
        for record in event["Records"]:
            self.seen.append(record["body"])
            if self._fail(record["body"]):
                failures.append({"itemIdentifier": record["messageId"]})
            elif self._to:
                self._queue.send(self._to, [Outgoing(f"{record['body']}!")])
        return {"batchItemFailures": failures}


def crash(event: dict[str, Any], context: Any) -> None:
    raise RuntimeError("the function is broken")


def pumps(queue: SqliteQueue, first: Handler, second: Handler) -> tuple[Pump, Pump]:
    second_pump = Pump(queue, "second", second, batch=2, limit=2)
    return Pump(queue, "first", first, batch=10, limit=2, following=second_pump), second_pump


def drain(*all_pumps: Pump) -> None:
    for pump in all_pumps:
        pump.start()
    assert all([pump.stop(WAIT) for pump in all_pumps])


def test_two_steps_in_one_go(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing(str(number)) for number in range(5)])
    one, two = Function(queue, to="second"), Function(queue)
    pump, _ = pumps(queue, one, two)
    drain(pump)
    assert two.seen == ["0!", "1!", "2!", "3!", "4!"], "the second pump never ran, its work was done in passing"
    assert two.threads == {"pump-first"}
    assert queue.depth("first").total == queue.depth("second").total == 0


def test_what_fails_in_passing_stays_in_the_queue_alone(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("good"), Outgoing("bad")])
    one, two = Function(queue, to="second"), Function(queue, fail=lambda body: body == "bad!")
    drain(pumps(queue, one, two)[0])
    assert queue.depth("first").total == 0
    assert [delivery.body for delivery in queue.receive("second", 10)] == ["bad!"]


def test_what_the_second_step_sends_later_is_kept(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("x")])

    def again(event: dict[str, Any], context: Any) -> None:
        queue.send("second", [Outgoing("retry", delay=60)])

    drain(pumps(queue, Function(queue, to="second"), again)[0])
    assert queue.depth("second") == Depth(0, 0, 1)
    assert queue.depth("first").total == 0


def test_a_second_step_that_raises_leaves_the_first_one_whole(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("a"), Outgoing("b")])
    drain(pumps(queue, Function(queue, to="second"), crash)[0])
    assert queue.depth("first").total == 0
    assert sorted(delivery.body for delivery in queue.receive("second", 10)) == ["a!", "b!"]


def test_a_first_step_that_raises_sends_nothing_and_comes_again(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("a")])

    def half(event: dict[str, Any], context: Any) -> None:
        queue.send("second", [Outgoing("half done")])
        raise RuntimeError("then it breaks")

    two = Function(queue)
    drain(pumps(queue, half, two)[0])
    assert two.seen == []
    assert queue.depth("first") == Depth(0, 0, 1), "it waits for its next try"
    assert queue.depth("second").total == 0


def test_a_record_that_fails_comes_again_alone(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("good"), Outgoing("bad")])
    one, two = Function(queue, to="second", fail=lambda body: body == "bad"), Function(queue)
    drain(pumps(queue, one, two)[0])
    assert two.seen == ["good!"]
    assert queue.depth("first") == Depth(0, 0, 1)


def test_a_slow_second_step_is_left_to_its_own_pump(queue: SqliteQueue) -> None:
    queue.send("first", [Outgoing("x")])
    one, two = Function(queue, to="second"), Function(queue)
    pump, second_pump = pumps(queue, one, two)
    second_pump.slow()
    drain(pump)
    assert two.seen == []
    assert queue.depth("second").visible == 1
    drain(second_pump)
    assert two.seen == ["x!"]
    assert two.threads == {"pump-second"}


def test_what_holds_a_thread_up_is_seen_by_others_and_holds_up_nothing_else(queue: SqliteQueue) -> None:
    stuck, free, done = threading.Event(), threading.Event(), threading.Event()

    def second(event: dict[str, Any], context: Any) -> None:
        if event["Records"][0]["body"] == "slow!":
            stuck.set()
            assert free.wait(WAIT)
        else:
            done.set()

    pump, second_pump = pumps(queue, Function(queue, to="second"), second)
    queue.send("first", [Outgoing("slow")])
    pump.start()
    second_pump.start()
    assert stuck.wait(WAIT)
    queue.send("first", [Outgoing("quick")])
    while not done.is_set():
        pump.relieve()
        second_pump.relieve()
    assert queue.depth("first").in_flight == 1
    free.set()
    assert pump.stop(WAIT)
    assert second_pump.stop(WAIT)
    assert queue.depth("first").total == queue.depth("second").total == 0
