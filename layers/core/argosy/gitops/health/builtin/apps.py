"""Health of apps/v1 workloads, by the rules of `kubectl rollout status`.

Follows `health_deployment.go`, `health_replicaset.go`, `health_daemonset.go` and `health_statefulset.go` of
`gitops-engine/pkg/health`.
"""

from __future__ import annotations

from argosy.gitops.health.builtin.counts import count, observed, optional
from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, progressing, said, suspended

__all__ = ["daemon_set", "deployment", "replica_set", "stateful_set"]

_FINISH = "Waiting for rollout to finish: "


def _behind(kind: str) -> Health:
    return progressing(f"{_FINISH}observed {kind} generation less than desired generation")


def deployment(obj: Object) -> Health:
    if at(obj, "spec", "paused"):
        return suspended("Deployment is paused")
    if not observed(obj):
        return _behind("deployment")
    if said(find(obj, "Progressing"), "reason") == "ProgressDeadlineExceeded":
        return degraded(f'Deployment "{at(obj, "metadata", "name") or ""}" exceeded its progress deadline')
    wanted, updated = optional(obj, "spec", "replicas"), count(obj, "status", "updatedReplicas")
    there, available = count(obj, "status", "replicas"), count(obj, "status", "availableReplicas")
    if wanted is not None and updated < wanted:
        return progressing(f"{_FINISH}{updated} out of {wanted} new replicas have been updated...")
    if there > updated:
        return progressing(f"{_FINISH}{there - updated} old replicas are pending termination...")
    if available < updated:
        return progressing(f"{_FINISH}{available} of {updated} updated replicas are available...")
    return healthy()


def replica_set(obj: Object) -> Health:
    if not observed(obj):
        return _behind("replica set")
    failure = find(obj, "ReplicaFailure")
    if failure is not None and failure.get("status") == "True":
        return degraded(said(failure))
    wanted, available = optional(obj, "spec", "replicas"), count(obj, "status", "availableReplicas")
    if wanted is not None and available < wanted:
        return progressing(f"{_FINISH}{available} out of {wanted} new replicas are available...")
    return healthy()


def daemon_set(obj: Object) -> Health:
    if not observed(obj):
        return _behind("daemon set")
    updated, wanted = count(obj, "status", "updatedNumberScheduled"), count(obj, "status", "desiredNumberScheduled")
    available = count(obj, "status", "numberAvailable")
    if at(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return healthy(f"daemon set {updated} out of {wanted} new pods have been updated")
    waiting = f'Waiting for daemon set "{at(obj, "metadata", "name") or ""}" rollout to finish: '
    if updated < wanted:
        return progressing(f"{waiting}{updated} out of {wanted} new pods have been updated...")
    if available < wanted:
        return progressing(f"{waiting}{available} of {wanted} updated pods are available...")
    return healthy()


def stateful_set(obj: Object) -> Health:
    if not count(obj, "status", "observedGeneration") or not observed(obj):
        return progressing("Waiting for statefulset spec update to be observed...")
    wanted, ready = optional(obj, "spec", "replicas"), count(obj, "status", "readyReplicas")
    if wanted is not None and ready < wanted:
        return progressing(f"Waiting for {wanted - ready} pods to be ready...")
    strategy = at(obj, "spec", "updateStrategy", "type")
    updated = count(obj, "status", "updatedReplicas")
    if strategy == "RollingUpdate" and at(obj, "spec", "updateStrategy", "rollingUpdate") is not None:
        held = optional(obj, "spec", "updateStrategy", "rollingUpdate", "partition")
        if wanted is not None and held is not None and updated < wanted - held:
            return progressing(
                f"Waiting for partitioned roll out to finish: {updated} out of {wanted - held} new pods have been updated..."
            )
        return healthy(f"partitioned roll out complete: {updated} new pods have been updated...")
    if strategy == "OnDelete":
        return healthy(f"statefulset has {ready} ready pods")
    new, old = at(obj, "status", "updateRevision") or "", at(obj, "status", "currentRevision") or ""
    if new != old:
        return progressing(f"waiting for statefulset rolling update to complete {updated} pods at revision {new}...")
    current = count(obj, "status", "currentReplicas")
    return healthy(f"statefulset rolling update complete {current} pods at revision {old}...")
