"""Carries out firings: run the effect, and on failure retry, hand over to the dlqTrigger, or record.

A failing effect never fails its message: it is repeated by a new message with a delay, or it is recorded. What does fail
a message is a defect, and the queue's DLQ keeps it.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from argosy.errors import ArgosyError, EvaluationError, Unsupported
from argosy.events.retries import attempts, wait_after
from argosy.events.sensors import Firing
from argosy.ports.executor import FiringInfo
from argosy.ports.queue import Outgoing
from argosy.services.firings import read_trigger_message, trigger_message
from argosy.services.mail import unpack
from argosy.services.queues import TRIGGERS
from argosy.services.runtime import Runtime

__all__ = ["Firings"]


class Firings:
    """Firings of one installation; `chance` gives the random part of jitter, in [0, 1)."""

    def __init__(self, runtime: Runtime, chance: Callable[[], float] = random.random) -> None:
        self._runtime = runtime
        self._chance = chance

    async def carry_out(self, body: str) -> list[Outgoing]:
        """Do what the trigger message `body` says; returns the messages to send after it (a retry, a dlqTrigger).

        Raises EvaluationError when the message is none of ours.
        """
        message = unpack(body, self._runtime.blobs)
        firing, attempt, wait = read_trigger_message(message)
        if wait > 0:
            return [trigger_message(firing, attempt, wait, self._runtime.blobs)]
        now = self._runtime.clock.now
        place = (firing.namespace, firing.sensor, firing.trigger)
        try:
            if firing.effect is None:
                raise EvaluationError(firing.problem)
            executor = self._runtime.executors.get(firing.effect.kind)
            if executor is None:
                raise Unsupported(f"nothing here carries out {firing.effect.kind} triggers")
            await executor.execute(firing.effect, FiringInfo(firing.id, *place, attempt))
        except ArgosyError as x:
            return self._failed(firing, attempt, str(x))
        self._runtime.outcomes.fired(*place, now())
        return []

    def finish(self, messages: list[Outgoing]) -> None:
        """Send a batch's retries and write its tallies."""
        if messages:
            self._runtime.queue.send(TRIGGERS, messages)
        self._runtime.outcomes.write()

    def _failed(self, firing: Firing, attempt: int, reason: str) -> list[Outgoing]:
        now, place = self._runtime.clock.now(), (firing.namespace, firing.sensor, firing.trigger)
        most = attempts(firing.at_least_once, firing.retry)
        if attempt < most and firing.retry is not None:
            try:
                wait = wait_after(firing.retry, attempt, self._chance())
            except EvaluationError as x:
                reason, most = f"{reason}; not retried: {x}", attempt
            else:
                self._runtime.outcomes.failed_attempt(*place, f"attempt {attempt} of {most}: {reason}", now)
                return [trigger_message(firing, attempt + 1, wait, self._runtime.blobs)]
        told = f"after {attempt} of {most} attempts: {reason}" if most > 1 else reason
        self._runtime.outcomes.failed(*place, told, now, firing.id, firing.events)
        if firing.last_resort is None:
            return []
        return [trigger_message(firing.last_resort, 1, 0, self._runtime.blobs)]
