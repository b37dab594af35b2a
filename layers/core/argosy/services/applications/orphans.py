"""What is nobody's in the namespace that an Application goes to, where its project wants to know.

In: what was observed of an Application. Out: what is to be watched for that besides, and how many objects were found. As
Argo CD's cluster cache has all kinds anyway, it looks at all; here they are watched for as long as somebody asks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from argosy.control.agents.scopes import MIRROR, Wanted
from argosy.gitops.identity import Key
from argosy.gitops.observed import Observed
from argosy.gitops.orphans import may_be_orphaned, orphans
from argosy.ports.cluster import ServedKind
from argosy.services.agents.mirror import Mirror
from argosy.services.applications.controlplane import ControlPlane
from argosy.services.applications.watching import Kind, Orphans

__all__ = ["count", "wanted_of"]


def wanted_of(seen: Observed, served: Mapping[tuple[str, str], ServedKind]) -> Orphans:
    """Where an Application looks for orphans, and of which of the kinds that its cluster serves."""
    project, namespace, server = seen.project, seen.app.spec.destination.namespace, seen.to.cluster.server
    if project.spec.orphaned_resources is None or not namespace or seen.app.deleting:
        return Orphans()
    kinds = [
        Kind(group, one.api_version.rpartition("/")[2], one.plural, kind, True)
        for (group, kind), one in served.items()
        if one.namespaced and one.is_watchable and may_be_orphaned(group, kind, project, seen.settings.filter, server)
    ]
    return Orphans(namespace, kinds)


def count(
    seen: Observed,
    wanted: Orphans,
    mirror: Mirror,
    scopes: Mapping[str, tuple[Wanted, str]],
    managed: Collection[Key],
    home: ControlPlane,
) -> int:
    """How many there are, of the kinds that have been told of; `managed`: what the Application has itself."""
    asked = seen.project.spec.orphaned_resources
    if asked is None or not wanted.namespace:
        return 0
    kinds = {(one.group, one.plural) for one in wanted.kinds}
    watched = [
        one.key
        for one, _ in scopes.values()
        if one.purpose == MIRROR and one.namespace in ("", wanted.namespace) and (one.group, one.resource) in kinds
    ]
    copies = (copy for key in watched for _, copy in mirror.all(key, wanted.namespace))
    found = (copy.object for copy in copies if copy.object is not None)
    return len(orphans(found, seen.settings.tracking, asked.ignore, managed, home.has))
