"""Executor of `k8s` and `argoWorkflow` effects: writes objects as the sensor's service account.

What is written is decided by `events.triggers.k8s` and `events.workflowcommands`, given the object as it is in the cluster;
here it is read and sent, and decided again when somebody else wrote in between. A created object carries its firing's id.
When it is there already with the same id, an earlier attempt made it and all is well; with another id, or none, the name
is taken and the firing fails as it would with Argo Events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from argosy.adapters.kube.workflows import run_command
from argosy.adapters.kube.writes import create_once, live_object, place, settled
from argosy.errors import AlreadyExists, Conflict, EvaluationError, NotFound
from argosy.events.effects import Draft, WorkflowCommand, WriteObject
from argosy.events.triggers.k8s import Write, writing
from argosy.events.workflowcommands import API_VERSION, workflow_name
from argosy.ports.clock import Clock
from argosy.ports.cluster import FIELD_MANAGER, Cluster, PatchType, ServiceAccount
from argosy.ports.executor import FiringInfo
from argosy.resources.homes import home_of

__all__ = ["ClusterExecutor", "home_only"]

_DONE: Final = {
    "create": "created",
    "update": "updated",
    "patch": "patched",
    "delete": "deleted",
    "none": "is not there",
}
_LONGEST_MANAGER: Final = 128
_PATCH_TYPES: Final[Mapping[str, PatchType]] = {"merge": "merge", "strategic": "strategic"}


def home_only(home: Cluster) -> Callable[[FiringInfo, str], Cluster]:
    """The clusters of an installation that knows one, which has no name."""

    def named(firing: FiringInfo, name: str) -> Cluster:
        del firing
        if name:
            raise NotFound(
                f"no cluster is registered under the name {name!r}; leave `cluster` out for the one that is home"
            )
        return home

    return named


class ClusterExecutor:
    """Writes objects in the cluster of a name, "" for the one that is home."""

    def __init__(self, cluster: Callable[[FiringInfo, str], Cluster], clock: Clock) -> None:
        """`cluster` gives the cluster of a name to a firing. Raises NotFound for a name that is none, Denied."""
        self._cluster, self._clock = cluster, clock

    async def execute(self, effect: WriteObject | WorkflowCommand | Draft, firing: FiringInfo) -> str:
        """See `Executor.execute`. Raises what the methods of `Cluster` raise."""
        return await asyncio.to_thread(self._execute, effect, firing)

    async def labels(
        self, effect: WriteObject | WorkflowCommand | Draft, firing: FiringInfo
    ) -> Mapping[str, str] | None:
        """See `Observer.labels`."""
        return await asyncio.to_thread(self._labels, effect, firing)

    def _execute(self, effect: WriteObject | WorkflowCommand | Draft, firing: FiringInfo) -> str:
        cluster = self._as(effect, firing)
        if isinstance(effect, WorkflowCommand):
            return run_command(cluster, effect, firing, self._clock.now())
        if isinstance(effect, Draft):
            raise EvaluationError("the trigger's source has not been read")
        return settled(lambda: _write(cluster, effect, firing))

    def _labels(self, effect: WriteObject | WorkflowCommand | Draft, firing: FiringInfo) -> Mapping[str, str] | None:
        cluster = self._as(effect, firing)
        if isinstance(effect, WorkflowCommand):
            where = (API_VERSION, "Workflow", effect.namespace, workflow_name(effect, firing.id))
        elif isinstance(effect, Draft) or effect.operation == "delete":
            raise EvaluationError("policy.k8s: there is no object whose labels could be looked at")
        else:
            where = place(effect.manifest, effect.namespace)
        found: Mapping[str, str] | None = cluster.get(*where)["metadata"].get("labels")
        return found

    def _as(self, effect: WriteObject | WorkflowCommand | Draft, firing: FiringInfo) -> Cluster:
        user = ServiceAccount(home_of(firing.namespace)[0], effect.service_account)
        return self._cluster(firing, effect.cluster).acting_as(user)


def _write(cluster: Cluster, effect: WriteObject, firing: FiringInfo) -> str:
    where = place(effect.manifest, effect.namespace)
    what = f"{where[1]} {effect.namespace}/{where[3]}" if effect.namespace else f"{where[1]} {where[3]}"
    creating = effect.operation == "create"
    decided = writing(effect, None if creating else live_object(cluster, where))
    if creating:
        return f"{what} {create_once(cluster, decided.body or {}, effect.namespace, firing.id)}"
    try:
        _send(cluster, where, decided, _manager(firing))
    except NotFound:
        if decided.verb != "delete":
            raise
    except AlreadyExists as x:
        raise Conflict(f"{what} has come to be since it was looked for") from x
    return f"{what} {_DONE[decided.verb]}"


def _manager(firing: FiringInfo) -> str:
    """Who owns what a trigger applies: the trigger, so that another one's fields are left alone."""
    return f"{FIELD_MANAGER}/{firing.namespace}/{firing.sensor}/{firing.trigger}"[:_LONGEST_MANAGER]


def _send(cluster: Cluster, where: tuple[str, str, str, str], decided: Write, manager: str) -> None:
    body: Any = decided.body
    if decided.verb == "create":
        cluster.create(body, namespace=where[2] or None)
    elif decided.verb == "update":
        cluster.replace(body, namespace=where[2] or None)
    elif decided.verb == "delete":
        cluster.delete(*where)
    elif decided.patch == "apply":
        cluster.apply(body, namespace=where[2] or None, manager=manager, force=True)
    elif decided.verb == "patch" and decided.patch == "json":
        raise EvaluationError("a JSON patch is a list of operations, and the source of a trigger is an object")
    elif decided.verb == "patch":
        cluster.patch(*where, body, how=_PATCH_TYPES[decided.patch], subresource=_part(cluster, where, body))


def _part(cluster: Cluster, where: tuple[str, str, str, str], body: Any) -> str:
    """`status` for a patch that says nothing else, where the kind keeps its status apart.

    Different on purpose: Argo Events sends it to the object, and the API server drops it without a word. So a sensor can
    promote or abort a Rollout as its tools do.
    """
    if set(body) - {"apiVersion", "kind", "metadata"} != {"status"}:
        return ""
    kinds = (one for one in cluster.kinds() if (one.api_version, one.kind) == where[:2])
    return "status" if any("status" in one.subresources for one in kinds) else ""
