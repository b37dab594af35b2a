"""Timers through functions/timer, and through the pump that runs it on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.sqlite.queue import SqliteQueue
from argosy.adapters.sqlite.store import SqliteStore
from argosy.control.state import State, States
from argosy.errors import NotFound
from argosy.local.functions import handler, sqs_event
from argosy.local.pumps import Pump
from argosy.ports.clock import SystemClock
from argosy.ports.wiring import Place
from argosy.services import runtime
from argosy.services.objects import WIRING
from argosy.services.queues import AWS_QUEUES, RECONCILE_SOURCE, TIMERS
from argosy.services.timing import timers_of
from support.events import event_source
from support.functions import batch, failed, invoke, recorded
from support.services import FakeInstallation

QUEUE = "arn:aws:sqs:eu-central-1:1:orders"
PLACE = Place("aws", "eu-central-1", "1", "it", (QUEUE,))


def deliver(made: FakeInstallation, queue: str, function: str) -> int:
    deliveries = made.runtime.queue.receive(queue, 10)
    assert failed(invoke(function, sqs_event(queue, deliveries), made)) == []
    made.runtime.queue.delete(queue, [delivery.handle for delivery in deliveries])
    return len(deliveries)


def test_what_failed_is_tried_again_when_its_timer_rings() -> None:
    made = FakeInstallation(place=PLACE)
    made.wiring.problems[QUEUE] = NotFound("the queue is not there")
    made.apply(event_source({"sqs": {"e": {"region": "eu-central-1", "queue": "orders"}}}))
    waits = []
    for _ in range(4):
        assert deliver(made, RECONCILE_SOURCE, "reconcile_source") == 1
        wait = 0
        while not made.runtime.queue.depth(RECONCILE_SOURCE).total:
            made.clock.advance(1)
            wait += 1
            deliver(made, TIMERS, "timer")
        waits.append(wait)
    assert waits == sorted(waits)
    assert waits[-1] > 2 * waits[0]
    made.wiring.problems.clear()
    deliver(made, RECONCILE_SOURCE, "reconcile_source")
    assert len(made.wiring.wires) == 1
    made.clock.advance(3600)
    made.runtime.ticker.tick()
    assert [made.runtime.queue.depth(queue).total for queue in (RECONCILE_SOURCE, TIMERS)] == [0, 0]


def test_a_lost_timer_is_found_by_the_tick() -> None:
    made = FakeInstallation(place=PLACE)
    made.wiring.problems[QUEUE] = NotFound("the queue is not there")
    made.apply(event_source({"sqs": {"e": {"region": "eu-central-1", "queue": "orders"}}}))
    deliver(made, RECONCILE_SOURCE, "reconcile_source")
    made.clock.advance(5)
    made.events(TIMERS)
    for seconds, woken in ((0, 0), (25, 0), (5, 1), (1, 1)):
        made.clock.advance(seconds)
        made.runtime.ticker.tick()
        assert made.runtime.queue.depth(RECONCILE_SOURCE).total == woken


def test_the_recorded_message_of_a_timer_that_is_none_any_more() -> None:
    made = FakeInstallation(place=PLACE)
    assert failed(invoke("timer", recorded("timer"), made)) == []
    assert made.runtime.queue.depth(RECONCILE_SOURCE).total == 0


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no json", "not a timer"),
        ("{}", "not a timer"),
        ('{"timer": "a/b", "generation": 1}', "is no key"),
        ('{"timer": "c/apps/Deployment/ns/a", "generation": 1}', "nobody reconciles a apps/Deployment"),
    ],
)
def test_what_is_not_ours_is_set_aside(body: str, said: str) -> None:
    made = FakeInstallation(place=PLACE)
    assert failed(invoke("timer", batch("timer", [body]), made)) == []
    ((kept, origin, reason),) = made.set_aside(TIMERS)
    assert (kept, origin) == (body, TIMERS)
    assert said in reason


@pytest.fixture
def pumped(tmp_path: Path) -> Iterator[FakeInstallation]:
    store = SqliteStore(tmp_path / "store.db", SystemClock())
    queue = SqliteQueue(tmp_path / "queue.db", AWS_QUEUES, SystemClock())
    made = FakeInstallation(place=PLACE, store=store, queue=queue)
    yield made
    queue.close()
    store.close()


def test_a_pump_rings_it_on_one_machine(pumped: FakeInstallation) -> None:
    queue = pumped.runtime.queue
    assert isinstance(queue, SqliteQueue)
    runtime.use(pumped.runtime)
    states = States(pumped.runtime.store, pumped.clock, RECONCILE_SOURCE)
    due = pumped.clock.now().timestamp()
    timers_of(pumped.runtime, RECONCILE_SOURCE).send(WIRING, states.save(WIRING, State(), State(next_due=due, timer=1)))
    pump = Pump(queue, TIMERS, handler("timer"), batch=10, limit=1)
    pump.start()
    assert pump.stop(20.0)
    assert (queue.depth(TIMERS).total, queue.depth(RECONCILE_SOURCE).total) == (0, 1)
