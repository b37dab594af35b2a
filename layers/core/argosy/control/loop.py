"""The reconcile loop of every serverless controller: one message of a work queue, one turn of one object.

A turn clears the wake, then reads, decides, carries out, writes the status and last its own row with the next timer; the
message is acknowledged after that. So a crash anywhere repeats the turn, and what has happened is seen or claimed. What a
turn may rely on: the queue's group lets no other turn of the object run beside it.

Called by the functions on the work queues; the timers' function and `tick` only wake. It takes the place of
controller-runtime's work queue and leader election in Argo's controllers. What it promises, and why:
docs/decisions/0005-control-loop.md.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from argosy.control.backoff import backoff
from argosy.control.claims import Claims, Standing
from argosy.control.controller import Controller, Report
from argosy.control.effects import Call, Decision, Observation, Outcome, Patch, Unit, Version, Write
from argosy.control.keys import Key
from argosy.control.patience import Patience
from argosy.control.state import State, States
from argosy.control.timers import Timers
from argosy.control.units import Carrier
from argosy.control.wakes import Wakes
from argosy.errors import ArgosyError, Conflict, Permanent
from argosy.ports.clock import Clock

__all__ = ["Loop"]

_TRIES: Final = 3
_SOON_SECONDS: Final = 1.0
_LATEST_SOON_SECONDS: Final = 8.0
"""Others were first, or what was read is old: that passes, however often in a row it has happened."""
_FAILED_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 120.0
_CHANGED: Final = "what was read has changed since"
_EXPIRES: Final = timedelta(seconds=60)
_log = logging.getLogger("argosy.control")


@dataclass(slots=True)
class _Turn:
    """One turn: the object, its row as it was, what is known by now, the unit whose outcome comes later, and when a call
    has said to look again."""

    key: Key
    before: State
    results: dict[str, int | None]
    observation: Observation | None = None
    unknown: list[str] = field(default_factory=list)
    request: Unit | None = None
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class _End:
    """How a turn ended. `soon`: look again soon; `problem`: with backoff; `due`: when the decision said."""

    due: datetime | None = None
    problem: str = ""
    soon: bool = False
    gone: bool = False


class _Stopped(Permanent):
    """An effect failed; the text is its reason."""


class Loop:
    """The turns of one controller's objects.

    `carrier`: brings its writes to their cluster; None when it writes none. `patience`: for patient statuses, which else
    are written at once.
    """

    def __init__(
        self,
        controller: Controller,
        states: States,
        wakes: Wakes,
        timers: Timers,
        claims: Claims,
        clock: Clock,
        carrier: Carrier | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._controller, self._carrier, self._patience = controller, carrier, patience
        self._states, self._wakes, self._timers = states, wakes, timers
        self._claims, self._clock = claims, clock

    def run(self, key: Key) -> None:
        """One turn. Raises Unavailable, or Conflict, when our own store or queue failed: the message must come again."""
        self._wakes.clear(str(key))
        before = self._states.load(key)
        turn = _Turn(key, before, dict(before.results))
        if before.pending:
            answer = self._states.answer(before.pending)
            if answer is None and self._seconds() < before.deadline:
                return  # its timer stands at the deadline
            end = self._answered(turn, answer)
        else:
            end = None
        if end is None:
            end = self._tries(turn)
        if end is not None:
            self._finish(turn, end)
        elif turn.request is not None:
            self._ask(turn, turn.request)

    def answer(self, key: Key, request: str, outcome: Outcome) -> None:
        """The outcome of a unit that was carried out elsewhere has come. Twice, late or unawaited it does nothing."""
        if self.awaits(key, request):
            self._states.put_answer(request, outcome)
            self._wakes.wake(str(key))

    def awaits(self, key: Key, request: str) -> bool:
        """Whether an object waits for the outcome of that unit."""
        return self._states.load(key).pending == request

    def wake(self, key: Key) -> None:
        """Look at an object again."""
        self._wakes.wake(str(key))

    def _answered(self, turn: _Turn, answer: Outcome | None) -> _End | None:
        """What the outcome of a request leads to; None = decide."""
        if answer is None:
            return self._failed(turn, f"no answer within {_ANSWER_SECONDS:.0f} s; trying again")
        turn.results.update(answer.written)
        if answer.problem:
            return self._failed(turn, answer.problem)
        return _End(soon=True) if answer.stale else None

    def _tries(self, turn: _Turn) -> _End | None:
        """Decide until the decision stands; None when a unit is to be sent whose outcome comes later."""
        for _ in range(_TRIES):
            try:
                return self._try(turn)
            except Conflict:
                continue
            except ArgosyError as x:
                return self._failed(turn, _text(x))
        return _End(soon=True)

    def _try(self, turn: _Turn) -> _End | None:
        observation = turn.observation = self._controller.observe(turn.key)
        if observation is None:
            return _End(gone=True)
        if not observation.holds(turn.results):
            return _End(soon=True)
        turn.results = {}
        decision = self._controller.reconcile(observation, self._clock.now())
        problems = self._carry_out(turn, observation, decision)
        due = min((one for one in (decision.requeue_at, turn.again) if one is not None), default=None)
        return _End(due, "; ".join(problems)) if problems is not None else None

    def _carry_out(self, turn: _Turn, observation: Observation, decision: Decision) -> list[str] | None:
        """Run the effects in their order and write the status; None when the outcome comes later.

        Returns the problems of calls that stand apart. Raises Conflict when the decision is stale, _Stopped when an effect
        failed.
        """
        problems: list[str] = []
        writes: list[Write] = []
        kept = decision.stands_on
        read = {key: version for key, version in observation.read.items() if kept is None or key in kept}
        effects = decision.effects
        if effects and isinstance(effects[0], Call) and self._carrier and not self._carrier.is_current(read):
            raise Conflict(_CHANGED)
        for effect in effects:
            if not isinstance(effect, Call):
                writes.append(effect)
                continue
            if self._send(turn, writes, read):
                return None
            problems += self._call(turn, effect)
        status = self._controller.status(observation, decision, _report(turn, "; ".join(problems)))
        if not self._waits(turn, status, alone=not writes) and status is not None:
            writes.append(status)
        return problems if not self._send(turn, writes, read) else None

    def _waits(self, turn: _Turn, status: Write | None, *, alone: bool) -> bool:
        """Whether a status is left to the next turn, which is then sure to come."""
        if self._patience is None:
            return False
        if not (alone and isinstance(status, Patch) and status.patient):
            self._patience.ends(str(turn.key))
            return False
        if not self._patience.lasts(str(turn.key)):
            return False
        self._wakes.later(str(turn.key), self._patience.seconds)
        return True

    def _send(self, turn: _Turn, writes: list[Write], read: dict[Key, Version | None]) -> bool:
        """Bring writes to their cluster, and take them out of what is to be written and of what was read.

        True when the outcome comes later. Raises Conflict, _Stopped.
        """
        if not writes:
            return False
        carrier = self._writing()
        unit = Unit(tuple(writes), dict(read))
        if carrier.answers_later:
            turn.request = self._request(turn, unit)
            return True
        outcome = carrier.carry(unit)
        turn.results.update(outcome.written)
        if outcome.stale:
            raise Conflict(_CHANGED)
        if outcome.problem:
            raise _Stopped(outcome.problem)
        for write in writes:
            read.pop(write.target, None)
        writes.clear()
        return False

    def _ask(self, turn: _Turn, request: Unit) -> None:
        """The request is written before it is sent: its answer finds who waits for it, and no turn decides meanwhile."""
        deadline = self._seconds() + _ANSWER_SECONDS
        timer = turn.before.timer + 1
        pending = replace(turn.before, results=turn.results, pending=request.id, deadline=deadline)
        saved = self._states.save(turn.key, turn.before, replace(pending, next_due=deadline, timer=timer))
        self._timers.send(turn.key, saved)
        self._writing().carry(request)

    def _request(self, turn: _Turn, unit: Unit) -> Unit:
        now = self._clock.now()
        name = hashlib.sha256(f"{turn.key}\n{turn.before.version}\n{now}".encode()).hexdigest()[:32]
        return replace(unit, id=name, expires=now + _EXPIRES)

    def _writing(self) -> Carrier:
        if self._carrier is None:
            raise _Stopped("this controller writes to no cluster")
        return self._carrier

    def _failed(self, turn: _Turn, problem: str) -> _End:
        """Show the problem in the object's status, if it can be written; it stands in our own row in any case.

        Where answers come later this one is not waited for: it would only bring the next turn before its time.
        """
        try:
            observation = turn.observation or self._controller.observe(turn.key)
            if observation is None:
                return _End(gone=True)
            status = self._controller.status(observation, None, _report(turn, problem))
            if status is not None:
                outcome = self._writing().carry(self._request(turn, Unit((status,), {})))
                turn.results.update(outcome.written)
        except ArgosyError as x:
            _log.info("%s: its status could not be written: %s", turn.key, x)
        return _End(problem=problem)

    def _call(self, turn: _Turn, call: Call) -> list[str]:
        """Carry out a call under its claim; the problem of one that stands apart and failed. Raises _Stopped."""
        claim = self._claims.take(
            f"{turn.key}/{call.id}", 1, repeatable=call.repeatable, at_least_once=call.at_least_once
        )
        if claim.standing is Standing.DONE:
            return []
        if claim.standing is Standing.UNKNOWN:
            turn.unknown.append(call.id)
            return []
        try:
            known = self._controller.call(call)
        except ArgosyError as x:
            self._claims.give_back(claim)
            if call.apart:
                return [_text(x)]
            raise _Stopped(_text(x)) from x
        if isinstance(known, datetime):
            turn.again = known
        if known:
            self._claims.finish(claim)
        else:
            turn.unknown.append(call.id)
        return []

    def _finish(self, turn: _Turn, end: _End) -> None:
        """Write the object's row, then send the message of a timer that is new."""
        before = turn.before
        if end.gone:
            nothing = State(timer=before.timer + 1)
            if before.differs(nothing):
                self._states.save(turn.key, before, nothing)
            return
        attempt = before.attempt + 1 if end.soon or end.problem else 0
        due = end.due.timestamp() if end.due is not None else None
        if attempt:
            limits = (_SOON_SECONDS, _LATEST_SOON_SECONDS) if end.soon else (_FAILED_SECONDS,)
            again = self._seconds() + backoff(str(turn.key), attempt, *limits)
            due = again if due is None else min(due, again)
        at_once = due is not None and due <= self._seconds()
        due = None if at_once else due
        rings = due != before.next_due
        problem = before.problem if end.soon else end.problem
        after = State(due, before.timer + rings, turn.results, "", 0.0, attempt, problem)
        if rings or turn.results or replace(after, results=before.results).differs(before):
            # If a power cut undoes it, an earlier timer rings again, and the turn after that sets this one.
            sooner = due is not None and (before.next_due is None or due < before.next_due)
            saved = self._states.save(turn.key, before, after, durable=sooner)
            if rings:
                self._timers.send(turn.key, saved)
        if at_once:
            self._wakes.wake(str(turn.key))

    def _seconds(self) -> float:
        return self._clock.now().timestamp()


def _report(turn: _Turn, problem: str) -> Report:
    return Report(problem, tuple(dict.fromkeys(turn.unknown)))


def _text(problem: ArgosyError) -> str:
    return str(problem) or type(problem).__name__
