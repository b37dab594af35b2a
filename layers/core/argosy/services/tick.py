"""Does what is due: fires calendar event sources, sends lost wakes again, and finds the timers whose message was lost.

A row's times up to now are published first and the row is moved on after, on condition of the version that was read; an
event's id is derived from its time, so that a repeated tick publishes the same events and their firings are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from argosy.control.state import CONTROL_PREFIX
from argosy.control.wakes import WAKE_PREFIX, Wakes
from argosy.errors import Conflict, EvaluationError
from argosy.events.sources.calendar import due_times, next_times, payload, rfc3339
from argosy.events.sources.filtering import lets_pass
from argosy.ports.store import Put, Row
from argosy.resources.eventsource import CalendarSource, EventSource
from argosy.services.calendars import CALENDAR_PK
from argosy.services.objects import OBJECTS_PK
from argosy.services.queues import BUS
from argosy.services.receive import bus_message
from argosy.services.runtime import Runtime
from argosy.services.timing import timers_of

__all__ = ["Ticker"]

_ROWS = 100
_PAGES = 10
_TIMES = 1000


class Ticker:
    """Due work of one installation."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._late = timedelta(seconds=runtime.late_seconds)

    def tick(self) -> int:
        """Fire everything that is due; returns how many events were published."""
        now = self._runtime.clock.now()
        published = 0
        for row in self._due(now):
            if row.pk.startswith(CONTROL_PREFIX):
                timers_of(self._runtime, row.pk.removeprefix(CONTROL_PREFIX)).sweep(row)
            elif row.pk == CALENDAR_PK:
                try:
                    published += self._calendar(row, now)
                except (EvaluationError, ValueError) as x:
                    self._set_aside(row, str(x))
        return published

    def _due(self, now: datetime) -> Iterator[Row]:
        """What is due but for wakes, which are sent. Again while there is more: what is dealt with is due later."""
        for _ in range(_PAGES):
            rows = self._runtime.store.due(now.timestamp(), _ROWS)
            for pk in sorted({row.pk for row in rows if row.pk.startswith(WAKE_PREFIX)}):
                wakes = Wakes(
                    self._runtime.store, self._runtime.queue, self._runtime.clock, pk.removeprefix(WAKE_PREFIX)
                )
                wakes.again([row for row in rows if row.pk == pk])
            yield from (row for row in rows if not row.pk.startswith(WAKE_PREFIX))
            if len(rows) < _ROWS:
                return

    def _set_aside(self, row: Row, problem: str) -> None:
        """Take a row that cannot be read out of the way of all others; applying its event source again brings it back."""
        with contextlib.suppress(Conflict):
            aside = Row(row.pk, row.sk, {**row.data, "problem": problem, "entry": None})
            self._runtime.store.write([Put(aside, expect=row.version)])

    def _calendar(self, row: Row, now: datetime) -> int:
        entry = CalendarSource.model_validate(row.data["entry"])
        times, reached = due_times(entry, datetime.fromisoformat(row.data["last"]), now, self._late, _TIMES)
        self._publish(row.sk, entry, times)
        following = next(next_times(entry, reached), None)
        after = Row(
            row.pk, row.sk, {**row.data, "last": rfc3339(reached)}, due_at=following.timestamp() if following else None
        )
        try:
            self._runtime.store.write([Put(after, expect=row.version)])
        except Conflict:
            return 0
        return len(times)

    def _publish(self, key: str, entry: CalendarSource, times: Sequence[datetime]) -> None:
        namespace, source, event = key.split("/", 2)
        holder = self._runtime.store.get(OBJECTS_PK, f"EventSource/{namespace}/{source}")
        if holder is None:
            return
        bus = EventSource.model_validate(holder.data["manifest"]).bus
        messages = []
        for at in times:
            data = payload(entry, at)
            if lets_pass(entry.filter.expression, data):
                name = hashlib.sha256(f"{key}\n{rfc3339(at)}".encode()).hexdigest()[:32]
                messages.append(bus_message(self._runtime, namespace, bus, "calendar", source, event, name, data))
        if messages:
            self._runtime.queue.send(BUS, messages)
