"""Health of RabbitMQ's cluster and topology kinds (`resource_customizations/rabbitmq.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, degraded, find, healthy, progressing, said, unknown

__all__ = ["check", "cluster"]


_NAMES = {
    "SchemaReplication": "schema replication",
    "SuperStream": "super stream",
    "TopicPermission": "topic permission",
}


def check(obj: Object) -> Health:
    kind = str(obj.get("kind"))
    name = f"RabbitMQ {_NAMES.get(kind, kind.lower())}"
    found = find(obj, "Ready")
    match said(found, "status"):
        case "True":
            return healthy(f"{name} ready")
        case "False" if said(found, "reason") == "FailedCreateOrUpdate":
            return degraded(f"{name} failed to be created or updated")
    return unknown(f"{name} status is unknown")


def cluster(obj: Object) -> Health:
    reconciled, replicas, available = (
        find(obj, kind) for kind in ("ReconcileSuccess", "AllReplicasReady", "ClusterAvailable")
    )
    if reconciled is not None and reconciled.get("status") == "False":
        return degraded(said(reconciled))
    states = {said(replicas, "status"), said(available, "status")}
    if states == {"True"}:
        return healthy("RabbitMQ cluster ready")
    if said(available, "status") == "False":
        return progressing("Waiting for RabbitMQ cluster formation")
    if states <= {"True", "False"}:
        return progressing("Waiting for RabbitMQ instances ready")
    if "Unknown" in states:
        return progressing("Waiting for RabbitMQ cluster readiness (conditions unknown)")
    return progressing("Waiting for RabbitMQ Operator")
