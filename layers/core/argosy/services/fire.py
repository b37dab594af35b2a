"""Carries out firings: run the effect, and on failure retry, hand over to the dlqTrigger, or record.

A failing effect never fails its message: it is repeated by a new message with a delay, or it is recorded. What does fail
a message is a defect, and the queue's DLQ keeps it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from argosy.control.claims import Claim, Standing
from argosy.errors import ArgosyError, EvaluationError, Unsupported
from argosy.events.effects import REPEATABLE
from argosy.events.retries import attempts, wait_after
from argosy.events.sensors import Firing
from argosy.ports.executor import FiringInfo
from argosy.records import record
from argosy.services.aside import or_set_aside
from argosy.services.firings import TriggerMessage, read_trigger_message, send_firings, trigger_message
from argosy.services.mail import unpack
from argosy.services.runtime import Runtime

__all__ = ["Firings", "Followup"]

_UNKNOWN = (
    "unknown: the attempt began and its end was never recorded; it is not repeated, because the target could not "
    "recognise the repetition (atLeastOnce: true repeats it)"
)


@record
class Followup:
    """What follows from an attempt: messages to send, then the claim to mark as done."""

    messages: Sequence[TriggerMessage]
    claim: Claim | None = None


class Firings:
    """Firings of one installation; `chance` gives the random part of jitter, in [0, 1)."""

    def __init__(self, runtime: Runtime, chance: Callable[[], float] = random.random) -> None:
        self._runtime = runtime
        self._chance = chance

    async def carry_out(self, body: str) -> Followup:
        """Do what the trigger message `body` says; returns what is to be done after it, for `finish`.

        A message that is none of ours is set aside, one that came to another's queue goes on to its own (a release may
        change which that is while messages are on their way). Raises Conflict while somebody else carries it out.
        """
        blobs = self._runtime.blobs
        own = self._runtime.trigger_queue
        read = or_set_aside(self._runtime, own, body, lambda: read_trigger_message(unpack(body, blobs)))
        if read is None:
            return Followup([])
        firing, attempt, wait = read
        if wait > 0 or self._runtime.queue_of(firing) != own:
            return Followup([trigger_message(firing, attempt, wait, self._runtime)])
        repeatable = firing.effect is None or firing.effect.kind in REPEATABLE
        claim = self._runtime.claims.take(firing.id, attempt, repeatable=repeatable, at_least_once=firing.at_least_once)
        if claim.standing is Standing.DONE:
            return Followup([])
        if claim.standing is Standing.UNKNOWN:
            return Followup(self._failed(firing, attempt, _UNKNOWN, final=True), claim)
        return Followup(await self._attempt(firing, attempt), claim)

    async def _attempt(self, firing: Firing, attempt: int) -> list[TriggerMessage]:
        now = self._runtime.clock.now
        place = (firing.namespace, firing.sensor, firing.trigger)
        try:
            if firing.effect is None:
                raise EvaluationError(firing.problem)
            executor = self._runtime.executors.get(firing.effect.kind)
            if executor is None:
                kind = firing.effect.kind
                raise Unsupported(self._runtime.unserved.get(kind, f"nothing here carries out {kind} triggers"))
            await executor.execute(firing.effect, FiringInfo(firing.id, *place, attempt))
        except ArgosyError as x:
            return self._failed(firing, attempt, str(x))
        self._runtime.outcomes.fired(*place, now())
        return []

    def finish(self, followups: Sequence[Followup]) -> int:
        """Send what follows from a batch, then mark its attempts as done, write its tallies; returns how many were sent."""
        messages = [message for followup in followups for message in followup.messages]
        send_firings(self._runtime, messages)
        for followup in followups:
            if followup.claim is not None:
                self._runtime.claims.finish(followup.claim)
        self._runtime.outcomes.write()
        return len(messages)

    def _failed(self, firing: Firing, attempt: int, reason: str, *, final: bool = False) -> list[TriggerMessage]:
        now, place = self._runtime.clock.now(), (firing.namespace, firing.sensor, firing.trigger)
        most = attempts(firing.at_least_once, firing.retry)
        if attempt < most and firing.retry is not None and not final:
            try:
                wait = wait_after(firing.retry, attempt, self._chance())
            except EvaluationError as x:
                reason, most = f"{reason}; not retried: {x}", attempt
            else:
                self._runtime.outcomes.failed_attempt(*place, f"attempt {attempt} of {most}: {reason}", now)
                return [trigger_message(firing, attempt + 1, wait, self._runtime)]
        told = f"after {attempt} of {most} attempts: {reason}" if most > 1 else reason
        self._runtime.outcomes.failed(*place, told, now, firing.id, firing.events)
        if firing.last_resort is None:
            return []
        return [trigger_message(firing.last_resort, 1, 0, self._runtime)]
