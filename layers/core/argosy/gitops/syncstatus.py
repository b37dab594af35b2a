"""The sync status of an application and of each of its resources (`controller/state.go`, `CompareAppState`).

In: one `Compared` for each resource. Out: a status each, "" for what has none, and the application's. Called when all
resources are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["OUT_OF_SYNC", "SYNCED", "UNKNOWN", "Compared", "SyncStatus", "sync_status"]

SYNCED: Final = "Synced"
OUT_OF_SYNC: Final = "OutOfSync"
UNKNOWN: Final = "Unknown"


@dataclass(frozen=True, slots=True)
class Compared:
    """A resource of the comparison.

    `left_out`: a hook, annotated to be ignored, skipped, or tracked by a copied annotation. `extra_is_fine`: annotated
    so that being extra does not count. `permitted`: its project lets it be there.
    """

    target: bool
    live: bool
    modified: bool = False
    left_out: bool = False
    extra_is_fine: bool = False
    permitted: bool = True


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The application's status, and its resources' in their order."""

    status: str
    resources: Sequence[str]


def sync_status(
    resources: Sequence[Compared], *, load_failed: bool = False, namespace_changed: bool = False
) -> SyncStatus:
    """Judge all resources.

    `load_failed`: targets or live objects could not be had, so nothing can be said. `namespace_changed`: the metadata of the
    managed namespace is no longer what was synced.
    """
    if load_failed:
        return SyncStatus(UNKNOWN, [UNKNOWN for _ in resources])
    judged = [_judged(one) for one in resources]
    drifted = any(
        status == OUT_OF_SYNC and not (one.extra_is_fine and not one.target)
        for one, status in zip(resources, judged, strict=True)
    )
    shown = [
        UNKNOWN if one.target and not one.permitted else status for one, status in zip(resources, judged, strict=True)
    ]
    return SyncStatus(OUT_OF_SYNC if drifted or namespace_changed else SYNCED, shown)


def _judged(one: Compared) -> str:
    live = one.live and one.permitted  # what the project does not permit is not looked at
    if one.left_out or not (one.target or live):
        return ""
    return OUT_OF_SYNC if one.modified or not one.target or not live else SYNCED
