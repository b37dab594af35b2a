"""Sync windows: when an Application may be synced.

In: a project's windows, an application, a time; out: which windows apply, which are open, and whether a sync may run. Called
before an automated sync is decided, and on every step of a running operation. Follows `SyncWindows` of
`pkg/apis/application/v1alpha1/types.go` in Argo CD 3.6: a window lies in its own zone by the offset that the zone has now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from argosy.errors import EvaluationError
from argosy.gitops.projects.patterns import permits
from argosy.lang import cron, duration
from argosy.resources.application import Destination
from argosy.resources.appproject import SyncWindow
from argosy.resources.appproject_validation import parsed_schedule

__all__ = ["Open", "can_sync", "is_open", "matching", "opened"]


@dataclass(frozen=True, slots=True)
class Open:
    """The windows that are open at a time, and those of kind `allow` that are not."""

    active: Sequence[SyncWindow] = ()
    shut: Sequence[SyncWindow] = ()

    @property
    def denying(self) -> Sequence[SyncWindow]:
        """The open ones that forbid."""
        return [one for one in self.active if one.kind == "deny"]

    @property
    def allowing(self) -> Sequence[SyncWindow]:
        """The open ones that allow."""
        return [one for one in self.active if one.kind == "allow"]


def matching(windows: Sequence[SyncWindow | None], app: str, destination: Destination) -> list[SyncWindow]:
    """The windows that apply to an application (Matches)."""
    return [one for one in windows if one is not None and _applies(one, app, destination)]


def _applies(window: SyncWindow, app: str, destination: Destination) -> bool:
    found = list(_hits(window, app, destination))
    if window.and_operator:
        return bool(found) and all(found)
    return any(found)


def _hits(window: SyncWindow, app: str, destination: Destination) -> Iterator[bool]:
    """For each list that is given, whether it names the application."""
    for patterns, texts in (
        (window.applications, (app,)),
        (window.clusters, (destination.server, destination.name)),
        (window.namespaces, (destination.namespace,)),
    ):
        if patterns:
            yield any(permits(pattern, text, negation=False) for pattern in patterns for text in texts)


def opened(windows: Sequence[SyncWindow], now: datetime) -> Open:
    """Which of the windows are open. Raises EvaluationError when one of them cannot be read."""
    states = [(one, is_open(one, now)) for one in windows]
    return Open(
        [one for one, is_on in states if is_on],
        [one for one, is_on in states if not is_on and one.kind == "allow"],
    )


def is_open(window: SyncWindow, now: datetime) -> bool:
    """Whether a window is open. Raises EvaluationError when its schedule or duration cannot be read."""
    schedule = parsed_schedule(window.schedule)
    span = timedelta(microseconds=duration.parse(window.duration) / duration.MICROSECOND)
    there = now.astimezone(UTC) + (now.astimezone(_zone(window.time_zone)).utcoffset() or timedelta())
    first = schedule.next(there - span)
    return first is not None and first < there


def _zone(name: str) -> tzinfo:
    """A zone by its name; one that is not known is UTC, as in Argo."""
    with contextlib.suppress(EvaluationError):
        return cron.load_zone(name)
    return UTC


def can_sync(windows: Sequence[SyncWindow], now: datetime, *, manual: bool, started: datetime | None = None) -> bool:
    """Whether a sync may run (CanSync); `windows` are those that apply to the application.

    `started`: when the running operation began; windows with `syncOverrun` let it go on if it could begin then. Raises
    EvaluationError when a window cannot be read.
    """
    found = opened(windows, now)
    blocking = found.denying or (() if found.allowing else found.shut)
    if not blocking:
        return True
    if manual and all(one.manual_sync for one in blocking):
        return True
    if started is not None and all(one.sync_overrun for one in blocking):
        return can_sync(windows, started, manual=manual)
    return False
