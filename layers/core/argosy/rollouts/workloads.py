"""`workloadRef`: the Deployment whose pod template is rolled out, and its own pods on their way out.

Follows `rollout/temlateref.go` and `rollout/replicaset.go` (scaleDeployment) of Argo Rollouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.resources.rollout import Rollout
from argosy.rollouts.phase import DEGRADED, HEALTHY, WORKLOAD_GENERATION
from argosy.rollouts.turn import Turn
from argosy.rollouts.writes import Ref

__all__ = ["resolved", "scale_workload", "workload_ref"]


def workload_ref(rollout: Rollout) -> Ref | None:
    """The object that `workloadRef` names."""
    named = rollout.spec.workload_ref
    if named is None:
        return None
    return Ref(named.api_version.rpartition("/")[0], named.kind, named.name)


def resolved(body: Mapping[str, Any], workload: Mapping[str, Any]) -> dict[str, Any]:
    """The Rollout with the workload's selector and pod template in its spec."""
    spec = workload.get("spec") or {}
    template = (
        spec.get("template") or (workload.get("template") if workload.get("kind") == "PodTemplate" else None) or {}
    )
    selector = spec.get("selector") or (body.get("spec") or {}).get("selector")
    made = {**(body.get("spec") or {}), "template": template, "templateResolvedFromRef": True}
    return {**body, "spec": made | ({"selector": selector} if selector else {})}


def scale_workload(turn: Turn) -> None:
    """Scale the workload down as the Rollout takes its place, and note which generation of it is rolled out."""
    workload, named = turn.seen.workload, turn.rollout.spec.workload_ref
    ref = workload_ref(turn.rollout)
    if workload is None or named is None or ref is None:
        return
    generation = str((workload.get("metadata") or {}).get("generation", ""))
    if turn.rollout.metadata.annotations.get(WORKLOAD_GENERATION) != generation:
        own = Ref("argoproj.io", "Rollout", turn.rollout.metadata.name)
        turn.change(own, {"metadata": {"annotations": {WORKLOAD_GENERATION: generation}}})
    if turn.status.workload_observed_generation != generation:
        turn.set_status(workload_observed_generation=generation)
    if ref.kind != "Deployment":
        return
    given = (workload.get("spec") or {}).get("replicas")
    replicas = 1 if given is None else given
    wanted = replicas
    if named.scale_down == "onsuccess" and turn.status.phase == HEALTHY:
        wanted = 0
    elif named.scale_down == "progressively":
        left = max(0, turn.rollout.spec.desired - turn.status.available_replicas)
        # A Rollout that does not come up the first time gives the pods back that it has taken.
        failed = turn.status.phase == DEGRADED and turn.revision == 1
        wanted = left if failed else min(left, replicas)
    if wanted != replicas:
        turn.change(ref, {"spec": {"replicas": wanted}})
