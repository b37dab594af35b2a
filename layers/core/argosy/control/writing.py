"""The writes of controllers on a cluster that is reached directly: `Writer` in terms of the Cluster port.

Keys name a group and a kind; which version the cluster serves is asked of it. Called next to the cluster: by the hub for
clusters that it reaches itself, by the agent for its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from argosy.control.effects import Apply, Patch, Remove, Version, Write
from argosy.control.keys import Key
from argosy.errors import AlreadyExists, NotFound
from argosy.ports.cluster import Cluster, ServedKind, unknown_kind

__all__ = ["ClusterWriter"]


class ClusterWriter:
    """See `control.units.Writer`."""

    def __init__(self, cluster: Cluster, wrote: Callable[[Key, Mapping[str, Any]], None] | None = None) -> None:
        """`wrote` is told each object as the API server has it after a write."""
        self._cluster, self._wrote = cluster, wrote
        self._kinds: dict[str, ServedKind] = {}

    def version(self, target: Key) -> Version | None:
        """See `Writer.version`."""
        try:
            metadata = self._cluster.get(self._api_version(target), target.kind, target.namespace, target.name)[
                "metadata"
            ]
        except NotFound:
            return None
        return Version(metadata["uid"], int(metadata["resourceVersion"]))

    def write(self, write: Write) -> tuple[str, int | None]:
        """See `Writer.write`."""
        target = write.target
        api_version = self._api_version(target)
        place = (api_version, target.kind, target.namespace, target.name)
        if isinstance(write, Remove):
            if write.evict:
                self._cluster.evict(target.namespace, target.name, uid=write.version.uid)
                return write.version.uid, 0  # it goes when its grace period is over, and is not waited for
            self._cluster.delete(*place, uid=write.version.uid, version=str(write.version.resource))
            return write.version.uid, None
        if isinstance(write, Patch):
            version = {"uid": write.version.uid, "resourceVersion": str(write.version.resource)}
            body = {**write.body, "metadata": {**(write.body.get("metadata") or {}), **version}}
            found = self._cluster.patch(*place, body, subresource=self._subresource(write))
        elif write.optional:
            found = self._created(write)
        else:
            found = self._cluster.apply(write.manifest, namespace=target.namespace or None)
        metadata = found["metadata"]
        if self._wrote is not None:
            self._wrote(target, found)
        return metadata["uid"], int(metadata["resourceVersion"])

    def _created(self, write: Apply) -> dict[str, Any]:
        """An object that is made once and never changed, such as an Event: there is nothing to apply."""
        try:
            return self._cluster.create(write.manifest, namespace=write.target.namespace or None)
        except AlreadyExists:
            return {"metadata": {"uid": "", "resourceVersion": "0"}}

    def _subresource(self, write: Patch) -> str:
        """A status is written where the cluster takes it: most of Argo's kinds have no subresource for it."""
        kind = self._kinds[write.target.group_kind]
        return "status" if set(write.body) <= {"status"} and "status" in kind.subresources else ""

    def _api_version(self, target: Key) -> str:
        if target.group_kind not in self._kinds:
            for kind in self._cluster.kinds():
                group = kind.api_version.rpartition("/")[0]
                self._kinds.setdefault(f"{group}/{kind.kind}", kind)
        found = self._kinds.get(target.group_kind)
        if found is None:
            raise unknown_kind(target.group, target.kind)
        return found.api_version
