"""Executor of `k8s` and `argoWorkflow` effects: creates the object as the sensor's service account.

The object carries its firing's id. When it is there already with the same id, an earlier attempt made it and all is
well; with another id, or none, the name is taken and the firing fails as it would with Argo Events.
"""

from __future__ import annotations

import asyncio

from argosy.errors import AlreadyExists, NotFound
from argosy.events.effects import CreateObject
from argosy.events.triggers.k8s import FIRING_ANNOTATION
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.ports.executor import FiringInfo

__all__ = ["CreateExecutor"]


class CreateExecutor:
    """Creates objects in one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def execute(self, effect: CreateObject, firing: FiringInfo) -> str:
        """See `Executor.execute`. Raises what `Cluster.create` raises."""
        return await asyncio.to_thread(self._create, effect, firing)

    def _create(self, effect: CreateObject, firing: FiringInfo) -> str:
        cluster = self._cluster.acting_as(ServiceAccount(firing.namespace, effect.service_account))
        api_version, kind = effect.manifest["apiVersion"], effect.manifest["kind"]
        name = effect.manifest["metadata"]["name"]
        what = f"{kind} {effect.namespace}/{name}" if effect.namespace else f"{kind} {name}"
        try:
            cluster.create(effect.manifest, namespace=effect.namespace or None)
        except AlreadyExists:
            if not self._ours(cluster, (api_version, kind, effect.namespace, name), firing.id):
                raise
            return f"{what} was created by an earlier attempt"
        return f"{what} created"

    def _ours(self, cluster: Cluster, place: tuple[str, str, str, str], firing: str) -> bool:
        try:
            found = cluster.get(*place)
        except NotFound:
            return False
        annotations = (found.get("metadata") or {}).get("annotations") or {}
        return bool(annotations.get(FIRING_ANNOTATION) == firing)
