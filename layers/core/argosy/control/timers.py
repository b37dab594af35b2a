"""Timers: an object is looked at again when its last decision said, although messages are lost and come twice.

The time and a generation stand in the object's row (`state`). A delayed message carries the generation; one that carries
another is dropped. SQS delays by a quarter of an hour at most: for what is due later a message that arrives too early is
answered by another, under a new generation that is written first, so that a message that came twice goes on once. If the
message is lost, `tick` finds the row half a minute after its time. Kubernetes controllers have `AddAfter` for this, and
lose it when they restart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import orjson

from argosy import formats
from argosy.control.keys import Key
from argosy.control.state import State, States
from argosy.control.wakes import Wakes
from argosy.errors import Conflict, EvaluationError
from argosy.ports.clock import Clock
from argosy.ports.queue import MAX_DELAY_SECONDS, Outgoing, Queue
from argosy.ports.store import Row

__all__ = ["Timers", "read_timer"]

_AGAIN_SECONDS: Final = 300.0


class Timers:
    """Timers of the objects of one work queue; `name` is the queue that timers share."""

    def __init__(self, states: States, wakes: Wakes, queue: Queue, clock: Clock, name: str) -> None:
        self._states, self._wakes = states, wakes
        self._queue, self._clock, self._name = queue, clock, name

    def send(self, key: Key, state: State) -> None:
        """Send the message of the timer that `state` carries. Failing loses nothing: `tick` finds the row."""
        if state.next_due is None:
            return
        delay = min(MAX_DELAY_SECONDS, max(0.0, state.next_due - self._clock.now().timestamp()))
        body = orjson.dumps({"timer": str(key), "generation": state.timer, "v": formats.MESSAGES}).decode()
        self._queue.send(self._name, [Outgoing(body, delay=delay)])

    def ring(self, key: Key, generation: int) -> None:
        """A message has come: wake the object, go on waiting, or drop it when the timer is another by now."""
        state = self._states.load(key)
        if state.next_due is None or state.timer != generation:
            return
        if state.next_due <= self._clock.now().timestamp():
            # The row is due until a turn has ended: if a power cut undoes the wake, `tick` finds it.
            self._wakes.wake(str(key), durable=False)
            return
        try:
            state = self._states.replace(key, state, replace(state, timer=state.timer + 1))
        except Conflict:
            return  # a turn has just set another
        self.send(key, state)

    def sweep(self, row: Row) -> None:
        """The message of a row that is due is lost: wake the object, and look again should that come to nothing."""
        key = Key.parse(row.sk)
        state = self._states.load(key)
        if state.version != row.version:
            return
        self._wakes.wake(row.sk)
        try:
            again = self._clock.now().timestamp() + _AGAIN_SECONDS
            self._states.replace(key, state, state, due_at=again)
        except Conflict:
            return


def read_timer(body: str) -> tuple[Key, int]:
    """The object and the generation that a message carries.

    Raises EvaluationError for what is no timer, Unavailable for a newer release's.
    """
    try:
        message = orjson.loads(body)
        key, generation, version = message["timer"], message["generation"], message.get("v", 0)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise EvaluationError("not a timer of this installation") from None
    formats.check(version, formats.MESSAGES, "the timer")
    if not isinstance(key, str) or not isinstance(generation, int):
        raise EvaluationError("not a timer of this installation")
    return Key.parse(key), generation
