"""What is valid in an EventSource and cannot work, where Argo finds it when an event comes, or never. Told by `argosy lint`.

expressions that cannot be read   every event is dropped without a word, and the sender is told that it was taken
calendars that never fire         a time zone there is none of, a date that cannot be read, the 31st of February
entries in each other's way       two of the same port, endpoint and method; types that there are none of
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.events.sources import calendar
from argosy.events.sources.hooks import hook_of
from argosy.lang import expr
from argosy.resources.base import Problem
from argosy.resources.eventsource import HTTP_TYPES, KNOWN_TYPES, CalendarSource, EventSource
from argosy.resources.sources.common import check_duration

__all__ = ["late_problems"]

_OTHER_FIELDS: Final = frozenset(("eventBusName", "replicas", "service", "template"))


def late_problems(source: EventSource, body: Mapping[str, Any], now: datetime) -> Iterator[Problem]:
    """What cannot work in an event source that is valid otherwise; `body`: as it is written."""
    known = sorted(KNOWN_TYPES)
    for kind in (body.get("spec") or {}).keys() - KNOWN_TYPES - _OTHER_FIELDS:
        yield Problem(f"spec.{kind}", f"no type of event source is called so; known: {', '.join(known)}")
    for kind in known:
        for name, entry in source.spec.of(kind).items():
            path = f"spec.{kind}.{name}"
            yield from _expression(entry, path)
            if isinstance(entry, CalendarSource):
                yield from _calendar(entry, path, now)
    yield from _collisions(source)


def _expression(entry: Any, path: str) -> Iterator[Problem]:
    text = getattr(getattr(entry, "filter", None), "expression", "")
    if not text:
        return
    try:
        expr.compile(text, dialect=expr.V1_15)
    except EvaluationError as x:
        yield Problem(f"{path}.filter.expression", f"drops every event: {x}")


def _calendar(entry: CalendarSource, path: str, now: datetime) -> Iterator[Problem]:
    try:
        if next(calendar.next_times(entry, now), None) is None:
            yield Problem(f"{path}.schedule", "never fires")
    except EvaluationError as x:
        yield Problem(path, f"never fires: {x}")
    for index, line in enumerate(entry.exclusion_dates):
        if not line.startswith("EXDATE:"):
            yield Problem(f"{path}.exclusionDates[{index}]", f"{line!r} excludes nothing; it begins with EXDATE:")
    catchup = entry.persistence.catchup if entry.persistence is not None else None
    if catchup is not None:
        yield from check_duration(catchup.max_duration, f"{path}.persistence.catchup.maxDuration")


def _collisions(source: EventSource) -> Iterator[Problem]:
    taken: dict[tuple[str, str, str], str] = {}
    for kind in HTTP_TYPES:
        for name, entry in source.spec.of(kind).items():
            hook = hook_of(entry)
            path = f"spec.{kind}.{name}"
            first = taken.setdefault((hook.port, hook.endpoint, hook.method), path)
            if first != path:
                yield Problem(path, f"{first} has the same port, endpoint and method: one of the two gets nothing")
