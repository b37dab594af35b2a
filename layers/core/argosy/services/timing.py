"""Takes the messages of the timers queue: each belongs to an object, whose kind has a work queue.

In: the body of a message. Out: a wake on that queue, the message of what is due later still, or nothing. Called by
functions/timer. A message that is none of ours, or of a kind that nobody reconciles, is set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from argosy.control.state import States
from argosy.control.timers import Timers, read_timer
from argosy.control.wakes import Wakes
from argosy.errors import EvaluationError
from argosy.services.aside import or_set_aside
from argosy.services.queues import TIMERS, work_queue

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["handle_timer", "timers_of"]


def timers_of(runtime: Runtime, queue: str) -> Timers:
    """The timers of the objects of a work queue."""
    wakes = Wakes(runtime.store, runtime.queue, runtime.clock, queue)
    return Timers(States(runtime.store, runtime.clock, queue), wakes, runtime.queue, runtime.clock, TIMERS)


def handle_timer(runtime: Runtime, body: str) -> None:
    """Do what the message `body` says. Raises Unavailable when store or queue fail: it must come again."""
    or_set_aside(runtime, TIMERS, body, lambda: _ring(runtime, body))


def _ring(runtime: Runtime, body: str) -> None:
    key, generation = read_timer(body)
    queue = work_queue(key)
    if queue is None:
        raise EvaluationError(f"nobody reconciles a {key.group_kind}")
    timers_of(runtime, queue).ring(key, generation)
