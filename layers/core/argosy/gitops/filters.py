"""Which kinds Argosy does not look at (`util/settings/resources_filter.go`).

In: `resource.exclusions` and `resource.inclusions` of the settings, a kind and its cluster. Out: whether it is left
out. Asked before a kind is watched and for every target of a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.gitops.projects.patterns import glob_matches

__all__ = ["Entry", "ResourceFilter"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Kinds of some groups in some clusters; an empty list means all."""

    groups: Sequence[str] = ()
    kinds: Sequence[str] = ()
    clusters: Sequence[str] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Entry:
        """An entry as settings have it."""
        return cls(body.get("apiGroups") or (), body.get("kinds") or (), body.get("clusters") or ())

    def in_cluster(self, cluster: str) -> bool:
        """Whether it is about this cluster."""
        return not self.clusters or any(glob_matches(one, cluster) for one in self.clusters)

    def takes(self, group: str, kind: str, cluster: str) -> bool:
        """Whether the kind is one of its."""
        return (
            (not self.groups or any(glob_matches(one, group) for one in self.groups))
            and (not self.kinds or "*" in self.kinds or kind in self.kinds)
            and self.in_cluster(cluster)
        )


_ALWAYS: Final = (
    Entry(("events.k8s.io", "metrics.k8s.io")),
    Entry(("",), ("Event",)),
    Entry(("coordination.k8s.io",), ("Lease",)),
)


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """The settings of an installation."""

    exclusions: Sequence[Entry] = ()
    inclusions: Sequence[Entry] = ()

    def excludes(self, group: str, kind: str, cluster: str) -> bool:
        """Whether the kind is left out: excluded, or not among the inclusions that its cluster has."""
        if any(entry.takes(group, kind, cluster) for entry in (*_ALWAYS, *self.exclusions)):
            return True
        if any(entry.takes(group, kind, cluster) for entry in self.inclusions):
            return False
        return any(entry.in_cluster(cluster) for entry in self.inclusions)
