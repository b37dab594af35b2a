"""Whether an Application has come where somebody waits for it: `argocd app wait`, and the end of `app sync`.

In: what is waited for, and the Application as it is now; out: whether it is there, what has changed since the last look,
and why waiting is in vain. Called by `argosy app` on each look. Follows `waitOnApplicationStatus` of
`cmd/argocd/commands/app.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from argosy.gitops.showing.applications import resources
from argosy.lang import filematch, instants
from argosy.resources.application import Application
from argosy.resources.application_operation import SyncResource

__all__ = ["Awaited", "Selector", "States", "operating", "picked", "reached", "worsened"]

type Key = tuple[str, str, str, str, str]
"""Group, kind, namespace, name, hook."""
type States = Mapping[Key, Sequence[str]]
"""Rows of `showing.applications.resources`."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """What is waited for; nothing at all means sync, health and the operation."""

    sync: bool = False
    health: bool = False
    operation: bool = False
    suspended: bool = False
    degraded: bool = False

    @classmethod
    def of(cls, *, sync: bool, health: bool, operation: bool, suspended: bool, degraded: bool) -> Awaited:
        """As the flags say."""
        given = cls(sync, health, operation, suspended, degraded)
        return given if given != cls() else cls(sync=True, health=True, operation=True)

    def fits(self, sync: str, health: str) -> bool:
        """Whether a sync status and a health are what is waited for."""
        wanted = {"Healthy": self.health, "Suspended": self.suspended, "Degraded": self.degraded}
        healthy = wanted.get(health, False) if any(wanted.values()) else True
        return healthy and (sync == "Synced" or not self.sync)


@dataclass(frozen=True, slots=True)
class Selector:
    """`--resource [!]GROUP:KIND:[NAMESPACE/]NAME`; each part may be a glob, no namespace is every one."""

    group: str
    kind: str
    name: str
    namespace: str = ""
    excludes: bool = False

    def takes(self, group: str, kind: str, namespace: str, name: str) -> bool:
        """Whether it names an object, its `!` left aside."""
        return (
            filematch.matches(self.group, group)
            and filematch.matches(self.kind, kind)
            and filematch.matches(self.name, name)
            and (not self.namespace or filematch.matches(self.namespace, namespace))
        )


def picked(
    app: Application, selectors: Sequence[Selector], labelled: Collection[tuple[str, str, str, str]] | None = None
) -> list[SyncResource]:
    """The Application's objects that selectors name, for a selective sync; `labelled`: those alone, if not None."""
    found = []
    for one in app.status.resources:
        key = (one.group, one.kind, one.namespace, one.name)
        if _selected(selectors, *key) and (labelled is None or key in labelled):
            found.append(SyncResource(group=one.group, kind=one.kind, namespace=one.namespace, name=one.name))
    return found


def _selected(selectors: Sequence[Selector], group: str, kind: str, namespace: str, name: str) -> bool:
    """Whether an object is meant: by one that includes, or where all exclude by none of them."""
    hits = [one for one in selectors if one.takes(group, kind, namespace, name)]
    if any(one.excludes for one in hits):
        return False
    return bool(hits) or all(one.excludes for one in selectors)


def states(app: Application, selectors: Sequence[Selector] = ()) -> States:
    """The rows of the objects that are meant."""
    rows = resources(app)[1:]
    return {(*_key(row), row[6]): row for row in rows if _selected(selectors, *_key(row))}


def _key(row: Sequence[str]) -> tuple[str, str, str, str]:
    group, kind, namespace, name = row[:4]
    return group, kind, namespace, name


def operating(app: Application) -> bool:
    """Whether an operation runs, waits to begin, or has ended and was not followed by a comparison."""
    if app.operation is not None:
        return True
    state = app.status.operation_state
    if state is None:
        return False
    ended = instants.parse(state.finished_at)
    if ended is None or not state.completed:
        return True
    sync = state.operation.sync
    if sync is not None and sync.dry_run:
        return False
    compared = instants.parse(app.status.reconciled_at)
    return compared is None or compared < ended


def reached(app: Application, awaited: Awaited, selectors: Sequence[Selector] = ()) -> bool:
    """Whether waiting is over; with selectors only the objects that they name are looked at."""
    if awaited.operation and operating(app):
        return False
    if not selectors:
        return awaited.fits(app.status.sync.status, app.status.health.status)
    return all(awaited.fits(row[4], row[5]) for row in states(app, selectors).values())


def worsened(before: States, now: States, awaited: Awaited) -> tuple[str, str] | None:
    """The healths between which an object has gone to Degraded while health is waited for; None when none has."""
    if not awaited.health:
        return None
    for key, row in now.items():
        was = before.get(key)
        if row[5] == "Degraded" and was is not None and was[5] not in ("Degraded", "Unknown", ""):
            return was[5], row[5]
    return None
