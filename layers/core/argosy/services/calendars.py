"""Timer rows of calendar event sources.

One row for each calendar entry (pk `calendar`, sk `<namespace>/<event source>/<event>`): `entry` is the entry as written,
`last` the time up to which it has fired (RFC 3339), `problem` why it cannot fire; the row's due time is the next firing.
Written with the EventSource, moved on by `argosy.services.tick`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from argosy.errors import ArgosyError
from argosy.events.sources.calendar import next_times, rfc3339
from argosy.ports.store import ABSENT, Delete, Put, Row, Store
from argosy.resources.eventsource import CalendarSource

__all__ = ["CALENDAR_PK", "next_due", "timer_changes"]

CALENDAR_PK = "calendar"


def timer_changes(
    store: Store, kind: str, namespace: str, name: str, body: Mapping[str, Any] | None, now: datetime
) -> Sequence[Put | Delete]:
    """Writes that make the timer rows of an object those that its manifest asks for (None = it is deleted).

    An entry that has not changed keeps its row, so that applying again does not start an interval anew.
    """
    if kind != "EventSource":
        return []
    wanted: Mapping[str, Any] = ((body or {}).get("spec") or {}).get("calendar") or {}
    rows = {row.sk.split("/", 2)[2]: row for row in store.query(CALENDAR_PK, f"{namespace}/{name}/")}
    changes: list[Put | Delete] = [
        Delete(CALENDAR_PK, row.sk, row.version) for key, row in rows.items() if key not in wanted
    ]
    for event, entry in wanted.items():
        row = rows.get(event)
        if row is not None and row.data["entry"] == entry:
            continue
        due, problem = next_due(entry, now)
        data = {"entry": entry, "last": rfc3339(now)} | ({"problem": problem} if problem else {})
        changes.append(
            Put(Row(CALENDAR_PK, f"{namespace}/{name}/{event}", data, due_at=due), row.version if row else ABSENT)
        )
    return changes


def next_due(entry: Mapping[str, Any], after: datetime) -> tuple[float | None, str]:
    """Epoch seconds of the first firing after `after`, None when there is none, and why when the entry cannot be read."""
    try:
        at = next(next_times(CalendarSource.model_validate(entry), after), None)
    except ArgosyError as x:
        return None, str(x)
    return (at.timestamp() if at else None), ""
