"""Whether an Application is compared anew, and how thoroughly.

In: what has changed since the last comparison; out: yes or no, the kind of refresh and the level. Called at the
beginning of a reconcile. Follows `needRefreshAppStatus` of `controller/appcontroller.go` in Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from argosy.lang import instants
from argosy.resources.application import Application
from argosy.resources.source import are_same

__all__ = [
    "LATEST",
    "LATEST_RESOLVED",
    "NOTHING",
    "RECENT",
    "REFRESH",
    "Changes",
    "Refresh",
    "after_sync",
    "changes_of_spec",
    "decide",
    "is_skipped",
]

REFRESH: Final = "argocd.argoproj.io/refresh"
SKIP: Final = "argocd.argoproj.io/skip-reconcile"

NOTHING: Final = 0
"""Nothing is compared; the tree of resources is made anew."""
RECENT: Final = 1
"""Compared with the revision of the last comparison."""
LATEST: Final = 2
"""Compared with the newest revision, which may be a remembered one."""
LATEST_RESOLVED: Final = 3
"""Compared with the newest revision, asked of the repository."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What may ask for a comparison; `asked`: the value of the annotation, `wanted`: a level that the controller asks for.

    Ages and limits are seconds: `age` None = it has never been compared, a limit of 0 is none.
    """

    asked: str | None = None
    source: bool = False
    destination: bool = False
    namespace_metadata: bool = False
    ignored: bool = False
    age: float | None = None
    soft_limit: float = 0
    hard_limit: float = 0
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Whether to compare; `hard` passes by what has been rendered before."""

    needed: bool = False
    type: Literal["normal", "hard"] = "normal"
    level: int = LATEST


def decide(changes: Changes) -> Refresh:
    """Decide; the first reason counts."""
    if changes.asked is not None:
        return Refresh(True, "hard" if changes.asked == "hard" else "normal", LATEST_RESOLVED)
    if changes.source:
        return Refresh(True, level=LATEST_RESOLVED)
    hard = _expired(changes.age, changes.hard_limit)
    if changes.age is None or hard or _expired(changes.age, changes.soft_limit):
        return Refresh(True, "hard" if hard else "normal")
    if changes.destination or changes.namespace_metadata or changes.ignored:
        return Refresh(True)
    if changes.wanted is not None:
        return Refresh(True, level=changes.wanted)
    return Refresh()


def _expired(age: float | None, limit: float) -> bool:
    return limit > 0 and (age is None or age > limit)


def changes_of_spec(app: Application) -> Changes:
    """What the spec says otherwise than when it was compared, and the annotation; ages and limits are for the caller."""
    spec, compared = app.spec, app.status.sync.compared_to
    result = app.status.operation_state.sync_result if app.status.operation_state is not None else None
    managed = spec.sync_policy.managed_namespace_metadata if spec.sync_policy is not None else None
    known = list(compared.sources) or ([compared.source] if compared.source is not None else [])
    return Changes(
        asked=app.metadata.annotations.get(REFRESH),
        source=not are_same(spec.all_sources, known),
        destination=spec.destination != compared.destination,
        namespace_metadata=managed is not None and result is not None and managed != result.managed_namespace_metadata,
        ignored=list(spec.ignore_differences) != list(compared.ignore_differences),
    )


def is_skipped(body: Mapping[str, Any]) -> bool:
    """Whether an Application is to be left alone; its annotation is a Go boolean, anything else counts as false."""
    text = str(((body.get("metadata") or {}).get("annotations") or {}).get(SKIP, ""))
    return text in ("1", "t", "T", "true", "TRUE", "True")


def after_sync(app: Application) -> int:
    """The level of the comparison that is to follow a sync, so that the status tells of it; NOTHING when it has been made.

    A sync by hand may have been of a commit that nobody else has heard of; after automated ones the repository is not
    asked again. `argocd app wait` waits for this comparison.
    """
    state = app.status.operation_state
    if state is None or not state.completed or (state.operation.sync is not None and state.operation.sync.dry_run):
        return NOTHING
    ended, compared = instants.parse(state.finished_at), instants.parse(app.status.reconciled_at)
    if ended is None or (compared is not None and compared > ended):
        return NOTHING
    return LATEST if state.operation.initiated_by.automated else LATEST_RESOLVED
