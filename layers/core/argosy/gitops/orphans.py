"""Live objects that no application has.

In: the live objects of a namespace, and what a project ignores. Out: those that are nobody's. Called where a project watches
for orphans. Follows `getResourceTree` and `isKnownOrphanedResourceExclusion` of `controller/appcontroller.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from argosy.gitops.filters import Entry, ResourceFilter
from argosy.gitops.identity import Key, key_of
from argosy.gitops.projects.patterns import glob_matches
from argosy.gitops.projects.permissions import kind_permitted
from argosy.gitops.tracking import Tracking
from argosy.resources.appproject import AppProject, OrphanIgnore

__all__ = ["is_ignored", "may_be_orphaned", "orphans"]

_EVERYWHERE: Final = {("", "ServiceAccount", "default"), ("", "ConfigMap", "kube-root-ca.crt")}
_API: Final = Key("", "Service", "default", "kubernetes")

_EXCLUDED: Final = ResourceFilter(
    (
        Entry(("", "discovery.k8s.io"), ("Endpoints", "EndpointSlice")),
        Entry(("cert-manager.io",), ("CertificateRequest",)),
        Entry(("cilium.io",), ("CiliumEndpoint",)),
        Entry(
            ("kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io"),
            ("AdmissionReport", "BackgroundScanReport", "EphemeralReport", "PolicyReport", "UpdateRequest"),
        ),
    )
)
"""The kinds of namespaces that Argo CD's own `resource.exclusions` name (`manifests/base/config/argocd-cm.yaml`)."""


def may_be_orphaned(group: str, kind: str, project: AppProject, settings: ResourceFilter, server: str) -> bool:
    """Whether a namespaced kind is looked at: neither settings nor Argo's own exclude it, and the project permits it."""
    return (
        not _EXCLUDED.excludes(group, kind, server)
        and not settings.excludes(group, kind, server)
        and kind_permitted(project, group, kind, "", namespaced=True)
    )


def orphans(
    objects: Iterable[Mapping[str, Any]],
    tracking: Tracking,
    ignored: Sequence[OrphanIgnore],
    managed: Collection[Key],
    exists: Callable[[str], bool],
) -> set[Key]:
    """What no Application tracks, no other object owns and nobody has said to pass over, with all that it owns.

    `managed`: what the Application has, tracked or not. `exists`: whether an Application has objects of that name.
    """
    is_there = cache(exists)
    found: set[Key] = set()
    roots: list[str] = []
    below: dict[str, list[tuple[str, Key]]] = {}
    for one in objects:
        application = tracking.owner(one)
        if application and is_there(application):
            continue
        key, metadata = key_of(one), one.get("metadata") or {}
        uid, owners = str(metadata.get("uid") or ""), metadata.get("ownerReferences") or ()
        for owner in owners:
            below.setdefault(str(owner.get("uid") or ""), []).append((uid, key))
        if not owners and key not in managed and not is_ignored(key, ignored):
            found.add(key)
            roots.append(uid)
    while roots:
        for uid, key in below.pop(roots.pop(), ()):
            found.add(key)
            roots.append(uid)
    return found


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
