"""Redrives in steps: each ends in time, nothing is lost or done twice, what is set aside again stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from argosy.errors import NotFound, Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.queue import Delivery, Outgoing
from argosy.services.queues import AWS_QUEUES, BUS
from support.services import FakeInstallation

DLQ = "bus-dlq"


class Slow(FakeQueue):
    """Every receive takes `seconds`; `problems` are raised first."""

    def __init__(self, clock: FakeClock, seconds: float = 1.0) -> None:
        super().__init__(AWS_QUEUES, clock)
        self.clock, self.seconds = clock, seconds
        self.problems: list[Exception | None] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def receive(self, queue: str, limit: int) -> list[Delivery]:
        self.clock.advance(self.seconds)
        return super().receive(queue, limit)

    def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
        self.meanwhile()
        if queue == BUS and self.problems and (problem := self.problems.pop(0)):
            raise problem
        return super().send(queue, messages)


@pytest.fixture
def queue() -> Slow:
    return Slow(FakeClock())


@pytest.fixture
def made(queue: Slow) -> FakeInstallation:
    return FakeInstallation(clock=queue.clock, queue=queue)


def letters(made: FakeInstallation, count: int) -> None:
    attributes = {"argosyReason": "why"}
    made.runtime.queue.send(DLQ, [Outgoing(f"m{number}", attributes=attributes) for number in range(count)])


def test_it_goes_on_where_it_stopped(made: FakeInstallation) -> None:
    letters(made, 250)
    operations = made.runtime.operations
    first = operations.redrive(BUS, "me")
    assert (first.status, first.moved, first.total, first.error) == ("running", 100, 250, None)
    assert operations.get(first.id) == first
    second = operations.carry_on(first.id)
    assert (second.status, second.moved) == ("running", 200)
    last = operations.carry_on(first.id)
    assert (last.status, last.moved, last.created, last.leased) == ("done", 250, first.created, 0)
    assert operations.carry_on(first.id) == last
    assert (made.runtime.queue.depth(BUS).total, made.runtime.queue.depth(DLQ).total) == (250, 0)
    assert {each.attributes["argosyReason"] for each in made.runtime.queue.receive(BUS, 250)} == {"why"}


def test_what_is_set_aside_again_stays(made: FakeInstallation, queue: Slow) -> None:
    """A redrive whose messages all fail at once has an end."""
    letters(made, 150)
    operation = made.runtime.operations.redrive(BUS, "me")
    while operation.status == "running":
        failed = queue.receive(BUS, 1000)
        queue.send(DLQ, [Outgoing(each.body) for each in failed])
        queue.delete(BUS, [each.handle for each in failed])
        operation = made.runtime.operations.carry_on(operation.id)
    assert (operation.status, operation.moved) == ("done", 150)
    assert queue.depth(DLQ).visible == 100


def test_only_one_works_on_it(made: FakeInstallation, queue: Slow) -> None:
    letters(made, 150)
    operations = made.runtime.operations
    first = operations.redrive(BUS, "me")
    seen: list[int] = []
    queue.meanwhile = lambda: seen.append(operations.carry_on(first.id).moved)
    assert operations.carry_on(first.id).moved == 150
    assert seen == [100, 110, 120, 130, 140]


def test_who_died_at_work_is_followed(made: FakeInstallation, queue: Slow) -> None:
    letters(made, 30)
    queue.problems = [None, RuntimeError("killed")]
    operations = made.runtime.operations
    with pytest.raises(RuntimeError):
        operations.redrive(BUS, "me")
    (row,) = made.runtime.store.query("operations")
    assert operations.carry_on(row.sk).moved == 10, "it may still be at work"
    made.clock.advance(41)
    assert (operations.carry_on(row.sk).moved, operations.get(row.sk).status) == (30, "done")


def test_a_failure_is_kept(made: FakeInstallation, queue: Slow) -> None:
    letters(made, 30)
    queue.problems = [None, Unavailable("throttled")]
    failed = made.runtime.operations.redrive(BUS, "me")
    assert (failed.status, failed.moved) == ("failed", 10)
    assert failed.error is not None
    assert failed.error["message"] == "throttled"
    made.clock.advance(31)
    assert made.runtime.operations.redrive(BUS, "me").moved == 20
    assert queue.depth(BUS).total == 30


def test_it_is_forgotten_after_a_week(made: FakeInstallation) -> None:
    operation = made.runtime.operations.redrive(BUS, "me")
    made.clock.advance(7 * 86_400 - 10)
    assert made.runtime.operations.get(operation.id).status == "done"
    made.clock.advance(11)
    with pytest.raises(NotFound, match="seven days"):
        made.runtime.operations.get(operation.id)


@pytest.mark.parametrize("name", ["nothing", "bus-dlq", "sources"])
def test_what_has_no_dead_letters(made: FakeInstallation, name: str) -> None:
    with pytest.raises(NotFound, match="there are bus, triggers"):
        made.runtime.operations.redrive(name, "me")
