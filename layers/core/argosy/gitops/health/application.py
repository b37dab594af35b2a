"""Health of an application out of the health of what it manages (`controller/health.go`, `setApplicationHealth`).

In: one `Judged` for each resource of the comparison. Out: the worst of them, and which they are. Called by the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.gitops.health.verdict import HEALTHY, MISSING, RANKS, UNKNOWN, Health
from argosy.gitops.identity import Key

__all__ = ["Judged", "application_health"]

_MOST = 3  # resources that a message names


@dataclass(frozen=True, slots=True)
class Judged:
    """A resource as health sees it.

    `live`: it is in the cluster. `health`: of the live object, None for a kind without a check. `skipped`: its target is not
    applied, it is a hook, or it is left out of the sync status. `unasked`: annotated so that its health does not count.
    """

    key: Key
    live: bool
    health: Health | None = None
    skipped: bool = False
    unasked: bool = False


def application_health(resources: Sequence[Judged]) -> Health:
    """The application's health, with a message that names up to three of the resources that are worst."""
    counted = [one for one in resources if not one.skipped]
    if counted and not any(one.live for one in counted):
        return Health(MISSING)
    worst, culprits = HEALTHY, list[Key]()
    for one in counted:
        if one.health is None or not one.live or one.unasked or _is_unborn(one):
            continue
        rank = RANKS.index(one.health.status)
        if rank > RANKS.index(worst):
            worst, culprits = one.health.status, []
        if one.health.status == worst:
            culprits.append(one.key)
    return Health(worst, _caused(culprits) if worst != HEALTHY else "")


def _is_unborn(one: Judged) -> bool:
    """A child Application that nobody has reconciled yet says nothing about its parent."""
    return (
        (one.key.group, one.key.kind) == ("argoproj.io", "Application")
        and one.health is not None
        and one.health.status in (MISSING, UNKNOWN)
    )


def _caused(keys: Sequence[Key]) -> str:
    more = f" and {len(keys) - _MOST} more" if len(keys) > _MOST else ""
    return f"Caused by {', '.join(_shown(key) for key in keys[:_MOST])}{more}" if keys else ""


def _shown(key: Key) -> str:
    kind = f"{key.group}/{key.kind}" if key.group else key.kind
    return f"{kind}:{key.namespace}/{key.name}" if key.namespace else f"{kind}:{key.name}"
