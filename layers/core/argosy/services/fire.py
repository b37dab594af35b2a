"""Carries out firings: run the effect, look at its object if a policy asks for that, and on failure retry, hand over to
the dlqTrigger, or record.

A failing effect never fails its message: it is repeated by a new message with a delay, or it is recorded. What does fail
a message is a defect, and the queue's DLQ keeps it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from argosy.control.claims import Claim, Standing
from argosy.errors import ArgosyError, EvaluationError, Pending, Retryable, Unsupported
from argosy.events.effects import Draft, Effect, repeatable
from argosy.events.policies import judge
from argosy.events.retries import attempts, wait_after
from argosy.events.sensors import Firing
from argosy.events.tracing import traced
from argosy.events.triggers import finished
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


class _Read(Exception):
    """The object of a firing has been read, and another queue's function is to carry it out."""

    def __init__(self, firing: Firing) -> None:
        super().__init__(firing.id)
        self.firing = firing


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
        firing, attempt, look = read.firing, read.attempt, read.look
        if read.wait > 0 or self._runtime.queue_of(firing) != own:
            return Followup([trigger_message(firing, attempt, read.wait, self._runtime, look, granted=read.granted)])
        if firing.apart and not look and not read.granted:
            wait = self._runtime.limits.wait(firing)
            if wait > 0:
                reason = f"the trigger's rate limit lets it start in {wait:g} s"
                self._runtime.history.attempted(firing, attempt, "limited", reason, self._runtime.clock.now())
                return Followup([trigger_message(firing, attempt, wait, self._runtime, granted=True)])
        claim = self._claim(firing, attempt, look)
        if claim.standing is Standing.DONE:
            return Followup([])
        if claim.standing is Standing.UNKNOWN:
            return Followup(self._failed(firing, attempt, _UNKNOWN, final=True), claim)
        try:
            if look:
                return Followup(await self._look(firing, attempt, look), claim)
            return Followup(await self._attempt(firing, attempt), claim)
        except _Read as x:
            # By whoever reaches its target, as the same attempt: until then nothing has been done.
            self._runtime.claims.give_back(claim)
            return Followup([trigger_message(x.firing, attempt, 0, self._runtime, granted=True)])
        except Pending as x:
            # Done elsewhere, its outcome on the way: asked for again under the same ids, as the same attempt.
            self._runtime.claims.give_back(claim)
            return Followup([trigger_message(firing, attempt, x.delay, self._runtime, look, granted=True)])

    def _claim(self, firing: Firing, attempt: int, look: int) -> Claim:
        claims = self._runtime.claims
        if look:
            return claims.take(f"{firing.id}/{attempt}", look, repeatable=True, at_least_once=True)
        harmless = firing.effect is None or repeatable(firing.effect)
        return claims.take(firing.id, attempt, repeatable=harmless, at_least_once=firing.at_least_once)

    async def _attempt(self, firing: Firing, attempt: int) -> list[TriggerMessage]:
        read = firing
        try:
            effect = await self._effect(firing)
            if effect is not firing.effect:
                read = replace(firing, effect=effect)
                if self._runtime.queue_of(read) != self._runtime.trigger_queue:
                    raise _Read(read)
            executor = self._runtime.executors.get(effect.kind)
            if executor is None:
                kind = effect.kind
                raise Unsupported(self._runtime.unserved.get(kind, f"nothing here carries out {kind} triggers"))
            await executor.execute(traced(effect, firing.trace), _info(firing, attempt))
        except Pending:
            raise
        except ArgosyError as x:
            return self._failed(firing, attempt, str(x))
        if firing.policy is not None:
            return await self._look(read, attempt, 1)
        return self._fired(firing, attempt)

    def _fired(self, firing: Firing, attempt: int) -> list[TriggerMessage]:
        now = self._runtime.clock.now()
        self._runtime.outcomes.fired(*_place(firing), now)
        self._runtime.history.attempted(firing, attempt, "fired", "", now)
        return []

    async def _effect(self, firing: Firing) -> Effect:
        """What is to be carried out; the source of a draft is read now, as the sensor's service account."""
        effect = firing.effect
        if effect is None:
            raise EvaluationError(firing.problem)
        if not isinstance(effect, Draft) or not effect.unread:
            return effect
        return finished(effect, await asyncio.to_thread(self._text, effect, firing.namespace), firing.id)

    def _text(self, draft: Draft, namespace: str) -> str:
        if draft.artifact is not None:
            if self._runtime.artifacts is None:
                raise Unsupported(f"nothing here reads a trigger source of type {next(iter(draft.artifact))}")
            return self._runtime.artifacts.read(draft.artifact, namespace, draft.service_account)
        of = draft.config
        return self._runtime.secrets.config(namespace, of.name, of.key, of.account) if of is not None else ""

    async def _look(self, firing: Firing, attempt: int, look: int) -> list[TriggerMessage]:
        """Look at the object for the `look`-th time: done, failed, or a message for the next look."""
        policy, observer = firing.policy, self._runtime.observer
        if policy is None or observer is None:
            return self._failed(firing, attempt, "policy.k8s: nothing here looks at objects")
        try:
            try:
                seen = await observer.labels(firing.effect, _info(firing, attempt, look))
            except Pending:
                raise
            except Retryable:
                seen = None
            verdict = judge(policy, look, seen, self._chance())
        except Pending:
            raise
        except ArgosyError as x:
            return self._failed(firing, attempt, str(x))
        if verdict.again is not None:
            return [trigger_message(firing, attempt, verdict.again, self._runtime, look + 1)]
        return self._fired(firing, attempt)

    def finish(self, followups: Sequence[Followup]) -> int:
        """Send what follows from a batch, then mark its attempts as done, write its tallies; returns how many were sent."""
        messages = [message for followup in followups for message in followup.messages]
        send_firings(self._runtime, messages)
        for followup in followups:
            if followup.claim is not None:
                self._runtime.claims.finish(followup.claim)
        self._runtime.outcomes.write()
        self._runtime.history.write()
        return len(messages)

    def _failed(self, firing: Firing, attempt: int, reason: str, *, final: bool = False) -> list[TriggerMessage]:
        now, place = self._runtime.clock.now(), _place(firing)
        most = attempts(firing.at_least_once, firing.retry)
        if attempt < most and firing.retry is not None and not final:
            try:
                wait = wait_after(firing.retry, attempt, self._chance())
            except EvaluationError as x:
                reason, most = f"{reason}; not retried: {x}", attempt
            else:
                self._runtime.outcomes.failed_attempt(*place, f"attempt {attempt} of {most}: {reason}", now)
                self._runtime.history.attempted(firing, attempt, "repeated", reason, now)
                return [trigger_message(firing, attempt + 1, wait, self._runtime)]
        told = f"after {attempt} of {most} attempts: {reason}" if most > 1 else reason
        self._runtime.outcomes.failed(*place, told, now, firing.id, firing.events)
        self._runtime.history.attempted(firing, attempt, "failed", reason, now)
        if firing.last_resort is None:
            return []
        return [trigger_message(firing.last_resort, 1, 0, self._runtime)]


def _place(firing: Firing) -> tuple[str, str, str]:
    return firing.namespace, firing.sensor, firing.trigger


def _info(firing: Firing, attempt: int, look: int = 0) -> FiringInfo:
    return FiringInfo(firing.id, *_place(firing), attempt, look, firing.trace)
