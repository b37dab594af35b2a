"""Live objects that no application has (`controller/appcontroller.go`, `isKnownOrphanedResourceExclusion`).

In: the live objects of a namespace, and what a project ignores. Out: those that are nobody's. Called where a project watches
for orphans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from argosy.gitops.identity import Key, key_of
from argosy.gitops.projects.patterns import glob_matches
from argosy.gitops.tracking import Tracking
from argosy.resources.appproject import OrphanIgnore

__all__ = ["is_ignored", "orphans"]

_EVERYWHERE: Final = {("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")}
_API: Final = Key("", "Service", "default", "kubernetes")


def orphans(objects: Iterable[Mapping[str, Any]], tracking: Tracking, ignored: Sequence[OrphanIgnore]) -> Iterator[Key]:
    """What no Application tracks, no other object owns, and nobody has said to pass over."""
    for one in objects:
        key = key_of(one)
        owned = bool((one.get("metadata") or {}).get("ownerReferences"))
        if not owned and not tracking.owner(one) and not is_ignored(key, ignored):
            yield key


def is_ignored(key: Key, ignored: Sequence[OrphanIgnore]) -> bool:
    """Whether an orphan is none to report: the cluster makes it itself, or the project says so."""
    if key == _API or (key.group, key.kind, key.name) in _EVERYWHERE:
        return True
    return any(
        (not one.kind or glob_matches(one.kind, key.kind))
        and glob_matches(one.group, key.group)
        and (not one.name or glob_matches(one.name, key.name))
        for one in ignored
    )
