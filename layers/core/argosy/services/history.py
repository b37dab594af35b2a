"""History: every event, what it has fired, every attempt and its result, for seven days.

Rows (each expires by itself):

    event/<namespace>/<event id>   event                     the event as it came, its trace, what it has fired at once, and
                                                             the attempts that were gathered together with it,
                                                             without what its firings tell already
                                   firing/<firing>           a firing that it is part of and that a later event completed
                                   attempt/<firing>/<n>      an attempt: state, reason, time
    events/<namespace>/<day>       <time>/<first event id>   what came in one batch, for lists: a line for each event

What a sensor drops is not kept: its versions are (`services.versions`), deciding is pure, and `services.explaining` decides
again. Rows are gathered over a batch and written together, on one machine at most ten times a second and at the latest
after one, so a crash may take the last second of what is told here, never of what is done. What cannot be kept is logged
and nothing else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from argosy.errors import ArgosyError, InvalidObject, NotFound
from argosy.events.envelope import Event
from argosy.events.sensors import Firing
from argosy.events.tracing import trace_of
from argosy.lang import instants
from argosy.ports.clock import Clock, stamp
from argosy.ports.store import Row, Store
from argosy.records import record

__all__ = ["KEEP_DAYS", "History", "Page", "event_rows", "instant", "lines_from", "listed", "shown"]

KEEP_DAYS: Final = 7
_KEEP_SECONDS: Final = KEEP_DAYS * 86_400.0
_MAX_REASON: Final = 2_000
_MOST_LINES: Final = 500
_log = logging.getLogger("argosy.services")


@record
class _Gathered:
    """The row of an event before it is written, and the ids of the firings that it tells of."""

    event: dict[str, Any]
    firings: Collection[str]


class History:
    """Gathers what happens and writes it, at most once in `every` seconds unless told to."""

    def __init__(self, store: Store, clock: Clock, every: float = 0.0) -> None:
        self._store, self._clock, self._every = store, clock, every
        self._mutex = threading.Lock()
        self._rows: list[Row] = []
        self._events: dict[str, _Gathered] = {}
        self._lines: dict[str, list[dict[str, Any]]] = {}
        self._written = 0.0

    def sensed(
        self, namespace: str, bus: str, event: Event, firings: Sequence[Firing], now: datetime, replays: str = ""
    ) -> None:
        """An event was shown to sensors, and these firings are what it has caused; `replays`: the event that it repeats."""
        again = {"replays": replays} if replays else {}
        at, expiry = stamp(now), now.timestamp() + _KEEP_SECONDS
        fired = [_fired(firing) for firing in firings]
        data = {"at": at, "bus": bus, "trace": trace_of(event), "event": event.as_json(), "firings": fired, **again}
        rows: list[Row] = []
        for firing, told in zip(firings, fired, strict=True):
            rows += [
                Row(_pk(namespace, other), f"firing/{firing.id}", told, expires_at=expiry)
                for other in set(firing.events.values()) - {event.id}
            ]
        line = {
            "id": event.id,
            "at": at,
            "type": event.type,
            "source": event.source,
            "event": event.subject,
            "firings": len(fired),
            **again,
        }
        with self._mutex:
            self._rows += rows
            self._events[_pk(namespace, event.id)] = _Gathered(data, {firing.id for firing in firings})
            self._lines.setdefault(namespace, []).append(line)

    def attempted(self, firing: Firing, attempt: int, state: str, reason: str, now: datetime) -> None:
        """What became of an attempt: `fired`, `failed`, `repeated` (failed, another follows) or `limited` (waits)."""
        data: dict[str, Any] = {"attempt": attempt, "state": state, "at": stamp(now)}
        if reason:
            data["reason"] = reason[:_MAX_REASON]
        sk, expiry = f"attempt/{firing.id}/{attempt:04}", now.timestamp() + _KEEP_SECONDS
        with self._mutex:
            for event in set(firing.events.values()):
                pk = _pk(firing.namespace, event)
                gathered = self._events.get(pk)
                known = gathered is not None and firing.id in gathered.firings
                told = data if known else {**_fired(firing), **data}
                if gathered is not None:
                    # Half the rows on one machine, where an event and its firing are most often one batch.
                    gathered.event.setdefault("attempts", {})[sk] = told
                else:
                    self._rows.append(Row(pk, sk, told, expires_at=expiry))

    def write(self, *, now: bool = False) -> None:
        """Write what was gathered, if it is time or `now` is set."""
        time = self._clock.now().timestamp()
        if not (self._rows or self._events) or (not now and time - self._written < self._every):
            return
        with self._mutex:
            rows, self._rows = self._rows, []
            events, self._events = self._events, {}
            lines, self._lines, self._written = self._lines, {}, time
        rows += [Row(pk, "event", one.event, expires_at=time + _KEEP_SECONDS) for pk, one in events.items()]
        for namespace, found in lines.items():
            rows += _listing(namespace, found, time + _KEEP_SECONDS)
        try:
            self._store.keep(rows)
        except ArgosyError as x:
            _log.error("history could not be kept: %s", x)


def instant(text: str, now: datetime) -> datetime:
    """A time as users give it: RFC 3339, or how long ago (`90s`, `15m`, `24h`, `7d`). Raises InvalidObject.

    Not before anything is kept, and not after tomorrow: nobody looks through years of which nothing is there.
    """
    first, last = now - timedelta(days=KEEP_DAYS + 1), now + timedelta(days=1)
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    if text and text[-1] in units and text[:-1].isascii() and text[:-1].isdigit() and len(text) < 10:
        seconds = min(int(text[:-1]) * units[text[-1]], (now - first).total_seconds())
        return now - timedelta(seconds=seconds)
    found = instants.parse(text)
    if found is None:
        raise InvalidObject(f"{text!r} is no time: RFC 3339, or how long ago (15m, 24h, 7d)")
    return min(max(found, first), last)


class Page(list[dict[str, Any]]):
    """Lines of events, newest first; `next` is the time before which the next page begins, "" at the end."""

    next: str = ""


def listed(store: Store, namespace: str, since: datetime, until: datetime, limit: int, before: str = "") -> Page:
    """The events that came from `since` and before `until`, newest first; about `limit` of them, whole batches.

    `before`: `next` of the page before. Raises InvalidObject for one that is none.
    """
    page = Page()
    first, last = stamp(since), before or stamp(until)
    day = _day(last)
    while day >= since.date():
        rows = store.query(f"events/{namespace}/{day.isoformat()}", after=last, limit=limit, newest_first=True)
        for row in rows:
            if row.sk < first:
                return page
            page += reversed([line for line in row.data["lines"] if line["at"] >= first])
            last = row.sk
            if len(page) >= limit:
                page.next = last
                return page
        if len(rows) < limit:
            day -= timedelta(days=1)
    return page


def lines_from(
    store: Store, namespace: str, since: datetime, until: datetime, limit: int, after: str = ""
) -> tuple[list[dict[str, Any]], str]:
    """The events that came from `since` and before `until`, oldest first, and what the next page begins `after`."""
    first, end, lines = stamp(since), stamp(until), []
    day, last = _day(after or first), after or first
    while day <= until.date():
        rows = store.query(f"events/{namespace}/{day.isoformat()}", after=last, limit=limit)
        for row in rows:
            lines += [line for line in row.data["lines"] if first <= line["at"] < end]
            last = row.sk
            if len(lines) >= limit:
                return lines, last
            if row.data["lines"][0]["at"] >= end:
                return lines, ""
        if len(rows) < limit:
            day += timedelta(days=1)
    return lines, ""


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as x:
        raise InvalidObject(f"{text!r} is no `next` of a page") from x


def event_rows(
    store: Store, namespace: str, event_id: str
) -> tuple[Row, list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The row of an event, the firings that it is part of, and their attempts in order. Raises NotFound."""
    rows = {row.sk: row for row in store.query(_pk(namespace, event_id))}
    if "event" not in rows:
        raise NotFound(f"no event {event_id} in namespace {namespace}; events are kept for {KEEP_DAYS} days")
    firings = [*rows["event"].data["firings"], *(row.data for sk, row in rows.items() if sk.startswith("firing/"))]
    known = {one["firing"]: one for one in firings}
    inside = rows["event"].data.get("attempts", {})
    attempts: dict[str, Mapping[str, Any]] = {
        sk: {**known.get(sk.split("/")[1], {}), **told} for sk, told in inside.items()
    }
    attempts |= {sk: row.data for sk, row in rows.items() if sk.startswith("attempt/")}
    return rows["event"], firings, sorted(attempts.values(), key=lambda one: (one["at"], one["attempt"]))


def shown(store: Store, namespace: str, event_id: str) -> dict[str, Any]:
    """An event with all that became of it, as JSON. Raises NotFound."""
    row, firings, attempts = event_rows(store, namespace, event_id)
    return {**row.data, "namespace": namespace, "firings": firings, "attempts": attempts}


def _fired(firing: Firing) -> dict[str, Any]:
    return {
        "firing": firing.id,
        "sensor": firing.sensor,
        "trigger": firing.trigger,
        "events": dict(firing.events),
        "trace": firing.trace,
    }


def _pk(namespace: str, event_id: str) -> str:
    return f"event/{namespace}/{event_id}"


def _listing(namespace: str, lines: Sequence[dict[str, Any]], expiry: float) -> list[Row]:
    """Rows of lines, one day each."""
    rows = []
    days: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        days.setdefault(line["at"][:10], []).append(line)
    for day, found in days.items():
        for start in range(0, len(found), _MOST_LINES):
            part = found[start : start + _MOST_LINES]
            # The last one's time: a row is looked for by the newest that it holds.
            sk = f"{part[-1]['at']}/{part[0]['id']}"
            rows.append(Row(f"events/{namespace}/{day}", sk, {"lines": part}, expires_at=expiry))
    return rows
