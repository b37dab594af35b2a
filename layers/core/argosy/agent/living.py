"""Which of Argo's own controllers live in the cluster: they renew a lease each, and Argo CD's has pods that run.

A kind that one of them serves is only observed until the operator claims it (`argosy cluster set --claim`), so that
nothing is done twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.control.agents.reports import ARGO_CD, LEASES
from argosy.errors import Permanent
from argosy.ports.cluster import Cluster

__all__ = ["living_controllers"]

_ARGO_CD_PODS: Final = "app.kubernetes.io/name=argocd-application-controller"
_GRACE: Final = 4
"""A lease counts for as many times its duration: a controller that is busy renews late."""


def living_controllers(cluster: Cluster, now: datetime) -> list[str]:
    """Those whose lease was renewed lately, or whose pods run, with their namespace.

    One whose leases or pods may not be read is taken for absent. Raises Unavailable.
    """
    found = _of_argo_cd(cluster)
    for name, controller in LEASES.items():
        try:
            leases = cluster.list("coordination.k8s.io/v1", "Lease", "", field_selector=f"metadata.name={name}")
        except Permanent:
            continue
        if any(_is_fresh(lease.get("spec") or {}, now) for lease in leases):
            found.append(controller)
    return found


def _of_argo_cd(cluster: Cluster) -> list[str]:
    try:
        pods = cluster.list("v1", "Pod", "", label_selector=_ARGO_CD_PODS)
    except Permanent:
        return []
    running = [one["metadata"]["namespace"] for one in pods if (one.get("status") or {}).get("phase") == "Running"]
    return sorted({f"{ARGO_CD}/{namespace}" for namespace in running})


def _is_fresh(spec: Mapping[str, Any], now: datetime) -> bool:
    try:
        renewed = datetime.fromisoformat(str(spec["renewTime"]))
        until = renewed + timedelta(seconds=int(spec["leaseDurationSeconds"]) * _GRACE)
    except (KeyError, TypeError, ValueError, OverflowError):
        return False
    return bool(spec.get("holderIdentity")) and until > now
