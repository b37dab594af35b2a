"""Installations that break one of the rules of the loop each: the simulator must catch them all."""

from __future__ import annotations

import random
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from argosy.control.claims import Claim, Claims, Standing
from argosy.control.effects import Outcome, Patch, Remove, Unit, Version, Write
from argosy.control.keys import Key
from argosy.control.loop import Loop, _End, _Turn
from argosy.control.state import State, States
from argosy.control.timers import Timers
from argosy.control.units import Direct, Writer
from argosy.control.wakes import Wakes
from argosy.errors import Conflict
from argosy.ports.queue import Outgoing
from argosy.ports.store import Row
from support.simulation.parts import Parts


class ClearsLate(Wakes):
    """Leaves the wake where it is when it is told to forget it."""

    def clear(self, key: str) -> None:
        pass


class ClearsLast(Loop):
    """Forgets the wake after the turn, and with it what came meanwhile."""

    def run(self, key: Key) -> None:
        super().run(key)
        Wakes.clear(self._wakes, str(key))


class AnyGroup(Wakes):
    """Sends messages of one object in several groups."""

    def send(self, keys: Any) -> None:
        messages = [Outgoing('{"wake":"%s"}' % key, group=f"{random.random()}") for key in keys]  # noqa: S311, UP031 - a defect
        self._queue.send(self._name, messages)


class NeverSendsAgain(Wakes):
    """Leaves a lost message lost."""

    def again(self, rows: Sequence[Row]) -> None:
        pass


class AnyGeneration(Timers):
    """Takes messages of timers that are none any more."""

    def ring(self, key: Key, generation: int) -> None:
        super().ring(key, self._states.load(key).timer)


class HopsUnderOneGeneration(Timers):
    """Goes on waiting without a new generation: a message that came twice goes on twice."""

    def ring(self, key: Key, generation: int) -> None:
        state = self._states.load(key)
        late = state.next_due is not None and state.next_due > self._clock.now().timestamp()
        if late and state.timer == generation:
            self.send(key, state)
        else:
            super().ring(key, generation)


class NeverSweeps(Timers):
    """Leaves a lost timer lost."""

    def sweep(self, row: Row) -> None:
        pass


class ForgetsResults(States):
    """Decides although its view lacks what it has just done."""

    def load(self, key: Key) -> State:
        return replace(super().load(key), results={})


class Unconditional:
    """A writer that leaves preconditions out, of all kinds or of one."""

    def __init__(self, writer: Writer, kinds: Container[str]) -> None:
        self._writer, self._kinds = writer, kinds

    def version(self, target: Key) -> Version | None:
        return self._writer.version(target)

    def write(self, write: Write) -> tuple[str, int | None]:
        if isinstance(write, Patch | Remove) and write.target.kind in self._kinds:
            world = getattr(self._writer, "_world")  # noqa: B009 - a defect may look inside
            answer: tuple[str, int | None] = world.server.unconditional(write)
            return answer
        return self._writer.write(write)


def unconditional(writer: Writer) -> Direct:
    return Direct(Unconditional(writer, ("Scaler", "Deployment")))


def status_unconditional(writer: Writer) -> Direct:
    return Direct(Unconditional(writer, ("Scaler",)))


class Blind(Direct):
    """Carries out without looking whether the view still holds."""

    def is_current(self, read: Mapping[Key, Version | None]) -> bool:
        return True

    def carry(self, unit: Unit) -> Outcome:
        return super().carry(replace(unit, read={}))


class GoesOn(Direct):
    """Reports success whatever failed."""

    def carry(self, unit: Unit) -> Outcome:
        return replace(super().carry(unit), problem="")


class ClaimsNothing(Claims):
    """Carries out whatever it is asked to."""

    def take(self, firing: str, attempt: int, *, repeatable: bool, at_least_once: bool) -> Claim:
        return Claim(Standing.MINE)


class Guesses(Claims):
    """Takes what began and was never finished for something that did not happen."""

    def take(self, firing: str, attempt: int, *, repeatable: bool, at_least_once: bool) -> Claim:
        return super().take(firing, attempt, repeatable=repeatable, at_least_once=True)


class GuessesDone(Claims):
    """Takes what began and was never finished for done."""

    def take(self, firing: str, attempt: int, *, repeatable: bool, at_least_once: bool) -> Claim:
        claim = super().take(firing, attempt, repeatable=repeatable, at_least_once=at_least_once)
        return replace(claim, standing=Standing.DONE) if claim.standing is Standing.UNKNOWN else claim


class KeepsClaims(Claims):
    """Does not give a claim back when nothing was done."""

    def give_back(self, claim: Claim) -> None:
        pass


class NeverWaits(Loop):
    """Decides while an answer is awaited."""

    def run(self, key: Key) -> None:
        before = self._states.load(key)
        if before.pending:
            self._states.save(key, before, replace(before, pending=""))
        super().run(key)


class WaitsForEver(Loop):
    """Knows no deadline."""

    def _seconds(self) -> float:
        return 0.0


class FailsTheMessage(Loop):
    """Lets an object's own problem fail its message."""

    def _failed(self, turn: _Turn, problem: str) -> _End:
        raise Conflict(problem)


class NeverTriesAgain(Loop):
    """Shows a problem and leaves it at that."""

    def _finish(self, turn: _Turn, end: _End) -> None:
        super()._finish(turn, end)
        saved = self._states.load(turn.key)
        if saved.attempt:
            self._states.save(turn.key, saved, replace(saved, next_due=None, timer=saved.timer + 1))


class DropsLateTimers(Loop):
    """Takes the time of a decision for reached when it is near."""

    def _finish(self, turn: _Turn, end: _End) -> None:
        due = end.due
        far = due is not None and due - self._clock.now() > timedelta(minutes=15)
        super()._finish(turn, replace(end, due=None) if far else end)


MUTANTS: Final[Mapping[str, Parts]] = {
    "forgets the wake after the turn": Parts(loop=ClearsLast, wakes=ClearsLate),
    "never forgets a wake": Parts(wakes=ClearsLate),
    "one object in several groups": Parts(wakes=AnyGroup),
    "tick sends no wake again": Parts(wakes=NeverSendsAgain),
    "timers of any generation": Parts(timers=AnyGeneration),
    "a chained timer keeps its generation": Parts(timers=HopsUnderOneGeneration),
    "tick sweeps no timers": Parts(timers=NeverSweeps),
    "timers of a quarter of an hour at most": Parts(loop=DropsLateTimers),
    "decides on an observation without its last results": Parts(states=ForgetsResults),
    "status without a condition": Parts(direct=status_unconditional),
    "writes without preconditions": Parts(direct=unconditional),
    "carries out stale decisions": Parts(direct=Blind),
    "takes a failed effect for done": Parts(direct=GoesOn),
    "calls without claims": Parts(claims=ClaimsNothing),
    "guesses that an unfinished call did not happen": Parts(claims=Guesses),
    "guesses that an unfinished call happened": Parts(claims=GuessesDone),
    "keeps the claim of a call that failed": Parts(claims=KeepsClaims),
    "decides while an answer is awaited": Parts(loop=NeverWaits),
    "waits for an answer for ever": Parts(loop=WaitsForEver),
    "a domain error fails the message": Parts(loop=FailsTheMessage),
    "a problem without a second try": Parts(loop=NeverTriesAgain),
}
