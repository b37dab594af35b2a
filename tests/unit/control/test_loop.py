"""Turns of a controller that decides as it is told: order, failures, calls that stand apart, answers that come later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from argosy.control.claims import Claims
from argosy.control.controller import Report
from argosy.control.effects import Apply, Call, Decision, Effect, Observation, Outcome, Patch, Unit, Version, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop
from argosy.control.patience import Patience
from argosy.control.state import CONTROL_PREFIX, State, States
from argosy.control.timers import Timers
from argosy.control.wakes import Wakes
from argosy.errors import Denied, Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.fakes.store import FakeStore
from argosy.ports.queue import QueueSpec
from argosy.ports.store import Delete, Put

WORK, TIMERS = "work", "timers"
KEY, CHILD = Key("c", "g", "Kind", "ns", "a"), Key("c", "apps", "Deployment", "ns", "a")
MADE = Apply(CHILD, {"spec": {}})


@dataclass
class Told:
    """Decides what it is told to; notes calls and reports."""

    decision: Decision = field(default_factory=Decision)
    refused: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    as_of: int = 0
    gone: bool = False
    readable: bool = True
    writes_status: bool = False
    patient: bool = False

    def observe(self, key: Key) -> Observation | None:
        if not self.readable:
            raise Denied("may not read")
        return None if self.gone else Observation(key, {}, self.as_of)

    def reconcile(self, observation: Observation, now: datetime) -> Decision:
        return self.decision

    def call(self, call: Call) -> bool:
        self.calls.append(call.id)
        if call.id in self.refused:
            raise Unavailable(f"{call.id} refused")
        return call.id not in self.unclear

    def status(self, observation: Observation, decision: Decision | None, report: Report) -> Write | None:
        self.reports.append(report)
        return Patch(KEY, {"status": {}}, Version("u", 1), patient=self.patient) if self.writes_status else None


@dataclass
class Carried:
    """A carrier: notes units, answers as it is told, now or later."""

    answers_later: bool = False
    outcomes: list[Outcome] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)

    def is_current(self, read: Mapping[Key, Version | None]) -> bool:
        return True

    def carry(self, unit: Unit) -> Outcome:
        self.units.append(unit)
        return self.outcomes.pop(0) if self.outcomes else Outcome()


class Forgetful(FakeStore):
    """A store that notes which of its rows a power cut would undo."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock)
        self.unsafe: set[tuple[str, str]] = set()

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        super().write(changes, durable=durable)
        keys = {(one.row.pk, one.row.sk) if isinstance(one, Put) else (one.pk, one.sk) for one in changes}
        self.unsafe = set() if durable else self.unsafe | keys


class Turns:
    def __init__(self, *effects: Effect, carrier: Carried | None = None, patience: float = 0.0) -> None:
        self.clock = FakeClock()
        self.store = store = Forgetful(self.clock)
        self.queue = FakeQueue([QueueSpec(WORK, fifo=True), QueueSpec(TIMERS)], self.clock)
        self.states = States(store, self.clock, WORK)
        wakes = Wakes(store, self.queue, self.clock, WORK)
        timers = Timers(self.states, wakes, self.queue, self.clock, TIMERS)
        claims = Claims(store, self.clock, everything=False, lease=0.0)
        self.controller, self.carrier = Told(Decision(effects)), carrier or Carried()
        waits = Patience(self.clock, patience) if patience else None
        self.wakes = wakes
        self.loop = Loop(self.controller, self.states, wakes, timers, claims, self.clock, self.carrier, waits)
        self.bare = Loop(self.controller, self.states, wakes, timers, claims, self.clock)

    def run(self) -> State:
        self.loop.run(KEY)
        return self.states.load(KEY)

    @property
    def waits(self) -> float:
        due = self.states.load(KEY).next_due
        return 0.0 if due is None else due - self.clock.now().timestamp()


@pytest.mark.parametrize(
    ("before", "after", "safe"),
    [
        (None, 60, True),
        (60, 30, True),
        (60, 90, False),
        (60, None, False),
        (None, None, False),
    ],
    ids=["the first", "an earlier one", "a later one: the earlier rings", "none any more: it rings in vain", "none"],
)
def test_a_timer_that_nothing_else_stands_for_survives_a_power_cut(
    before: int | None, after: int | None, *, safe: bool
) -> None:
    turns = Turns()
    for seconds in (before, after):
        due = None if seconds is None else turns.clock.now() + timedelta(seconds=seconds)
        turns.controller.decision = Decision(requeue_at=due)
        turns.run()
    rows = {pk for pk, _ in turns.store.unsafe}
    assert (f"{CONTROL_PREFIX}{WORK}" not in rows and turns.waits > 0) == safe


def test_what_failed_ends_the_decision_and_what_stands_apart_does_not() -> None:
    turns = Turns(Call("a", 1, apart=True), Call("b", 1), Call("c", 1), MADE)
    turns.controller.refused = {"a", "b"}
    state = turns.run()
    assert turns.controller.calls == ["a", "b"]
    assert (state.problem, state.attempt, turns.carrier.units) == ("b refused", 1, [])
    turns.controller.refused = {"a"}
    state = turns.run()
    assert turns.controller.calls[2:] == ["a", "b", "c"]
    assert (state.problem, state.attempt) == ("a refused", 2)
    turns.controller.refused = set()
    state = turns.run()
    assert turns.controller.calls[5:] == ["a"], "b and c were made"
    assert (state.problem, state.attempt, state.next_due) == ("", 0, None)


def test_a_call_without_a_known_end_is_shown_and_not_made_again() -> None:
    turns = Turns(Call("once", 1), Call("again", 1, at_least_once=True), Call("any", 1, repeatable=True))
    turns.controller.unclear = {"once", "again", "any"}
    turns.run()
    assert [report.unknown for report in turns.controller.reports] == [("once", "again", "any")]
    turns.controller.unclear = set()
    turns.run()
    assert turns.controller.calls == ["once", "again", "any", "again", "any"]
    assert turns.controller.reports[-1].unknown == ("once",)


@pytest.mark.parametrize(
    ("effects", "units"),
    [
        ((), [1]),
        ((MADE,), [2]),
        ((MADE, Call("a", 1)), [1, 1]),
        ((Call("a", 1), MADE, MADE, Call("b", 1), MADE), [2, 2]),
    ],
)
def test_the_status_is_the_last_write(effects: tuple[Effect, ...], units: list[int]) -> None:
    turns = Turns(*effects)
    turns.controller.writes_status = True
    turns.run()
    assert [len(unit.writes) for unit in turns.carrier.units] == units
    assert turns.carrier.units[-1].writes[-1].target == KEY


def test_no_decision_before_the_last_results_are_seen() -> None:
    turns = Turns(MADE, carrier=Carried(outcomes=[Outcome({"u1": 7})]))
    assert turns.run().results == {"u1": 7}
    assert turns.run().attempt == 1
    assert 0.5 <= turns.waits <= 1
    assert len(turns.carrier.units) == 1
    turns.controller.as_of = 7
    assert turns.run().attempt == 0
    assert len(turns.carrier.units) == 2


def test_stale_decisions_are_taken_again_and_then_wait() -> None:
    turns = Turns(MADE, carrier=Carried(outcomes=[Outcome(stale=True)] * 3))
    assert turns.run().attempt == 1
    assert len(turns.carrier.units) == 3
    assert 0.5 <= turns.waits <= 1


def test_who_is_never_first_does_not_wait_for_long() -> None:
    turns = Turns(MADE, carrier=Carried(outcomes=[Outcome(stale=True)] * 30))
    assert [turns.run().attempt for _ in range(10)] == list(range(1, 11))
    assert 4 <= turns.waits <= 8


@pytest.mark.parametrize(
    ("answer", "units", "problem"),
    [
        (Outcome({"u1": 0}), 2, ""),
        (Outcome(problem="forbidden"), 1, "forbidden"),
        (Outcome(stale=True), 1, ""),
    ],
)
def test_an_answer_that_comes_later(answer: Outcome, units: int, problem: str) -> None:
    turns = Turns(MADE, Call("after", 1), carrier=Carried(answers_later=True))
    request = turns.run().pending
    assert turns.carrier.units[0].id == request
    assert turns.run().pending == request, "no decision meanwhile"
    turns.loop.answer(KEY, "another", Outcome())
    assert turns.queue.depth(WORK).total == 0
    for _ in range(2):
        turns.loop.answer(KEY, request, answer)
    assert turns.queue.depth(WORK).total == 1
    state = turns.run()
    assert (len(turns.carrier.units), state.problem, state.pending == request) == (units, problem, False)


def test_an_answer_that_never_comes() -> None:
    turns = Turns(MADE, carrier=Carried(answers_later=True))
    turns.run()
    assert turns.waits == 120
    expires = turns.carrier.units[0].expires
    assert expires is not None
    assert expires < turns.clock.now() + timedelta(seconds=120)
    turns.clock.advance(120)
    state = turns.run()
    assert (state.pending, "no answer within 120 s" in state.problem) == ("", True)


def test_an_object_that_is_gone_has_no_timer() -> None:
    turns = Turns()
    turns.controller.decision = Decision(requeue_at=turns.clock.now() + timedelta(hours=1))
    assert turns.run().next_due is not None
    turns.controller.gone = True
    assert turns.run().next_due is None


def test_a_time_that_has_not_changed_keeps_its_message() -> None:
    turns = Turns()
    turns.controller.decision = Decision(requeue_at=turns.clock.now() + timedelta(minutes=10))
    for _ in range(5):
        turns.run()
    assert turns.queue.depth(TIMERS).total == 1
    assert turns.states.load(KEY).version == 1, "nothing changed, nothing was written"


def test_a_controller_without_a_cluster_writes_nothing() -> None:
    turns = Turns(MADE)
    turns.bare.run(KEY)
    assert "writes to no cluster" in turns.states.load(KEY).problem


def test_a_problem_of_reading_is_kept_although_there_is_no_status() -> None:
    turns = Turns()
    turns.controller.readable = False
    assert turns.run().problem == "may not read"


# Statuses that may wait


def patient(*effects: Effect) -> Turns:
    turns = Turns(*effects, patience=0.2)
    turns.controller.writes_status = turns.controller.patient = True
    return turns


def test_a_patient_status_is_written_by_a_later_turn_that_is_sure_to_come() -> None:
    turns = patient()
    turns.run()
    assert turns.carrier.units == []
    (row,) = turns.store.due(turns.clock.now().timestamp() + 0.2, 10)
    assert row.sk == str(KEY), "`tick` wakes it"
    turns.clock.advance(0.1)
    turns.run()
    assert turns.carrier.units == [], "another turn in the meantime"
    turns.clock.advance(0.1)
    turns.run()
    assert len(turns.carrier.units) == 1, "however many turns came in between"
    turns.run()
    assert len(turns.carrier.units) == 1, "the next one waits anew"


def test_a_turn_that_has_more_to_write_takes_it_along() -> None:
    turns = patient(MADE)
    turns.run()
    ((made, status),) = (unit.writes for unit in turns.carrier.units)
    assert (made, isinstance(status, Patch)) == (MADE, True)


def test_what_no_longer_waits_has_all_of_its_time_again() -> None:
    turns = patient()
    turns.run()
    turns.controller.writes_status = False
    turns.clock.advance(1)
    turns.run()
    turns.controller.writes_status = True
    turns.run()
    assert turns.carrier.units == []


def test_without_patience_it_is_written_at_once() -> None:
    turns = Turns()
    turns.controller.writes_status = turns.controller.patient = True
    turns.run()
    assert len(turns.carrier.units) == 1


def test_a_wake_in_the_meantime_comes_at_once_and_alone() -> None:
    turns = patient()
    turns.run()
    assert turns.queue.depth(WORK).total == 0
    assert turns.wakes.wake(str(KEY))
    assert turns.queue.depth(WORK).total == 1
    turns.clock.advance(0.3)
    assert turns.store.due(turns.clock.now().timestamp(), 10) == []
