"""Health of Cluster API's kinds (`resource_customizations/cluster.x-k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    at,
    conditions,
    degraded,
    find,
    healthy,
    progressing,
    said,
    suspended,
)

__all__ = ["cluster", "machine", "machine_deployment", "machine_health_check", "machine_pool"]


def cluster(obj: Object) -> Health:
    if at(obj, "spec", "paused"):
        return suspended("Cluster is paused")
    return _by_phase(obj, "Provisioned", healthy("Cluster is running"), "Waiting for clusters")


def machine(obj: Object) -> Health:
    return _by_phase(obj, "Running", healthy("Machine is running"), "Waiting for machines")


def machine_deployment(obj: Object) -> Health:
    if at(obj, "spec", "paused"):
        return suspended("MachineDeployment is paused")
    match at(obj, "status", "phase"):
        case "Running":
            return healthy("Machines are running under this deployment")
        case "ScalingUp":
            return progressing("Cluster is spawning machines")
        case "ScalingDown":
            return progressing("Cluster is stopping machines")
        case "Failed":
            return degraded("MachineDeployment is failed")
    return progressing("Waiting for machines")


def machine_health_check(obj: Object) -> Health:
    refused = find(obj, "RemediationAllowed", "False")
    if refused is not None:
        return degraded(said(refused))
    current = at(obj, "status", "currentHealthy")
    if current is None:
        return progressing("Waiting for healthy machines")
    if current == at(obj, "status", "expectedMachines"):
        return healthy("MachineHealthCheck monitored machines are healthy")
    return degraded("MachineHealthCheck monitored machines are unhealthy")


def machine_pool(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return progressing("Waiting for MachinePool")
    missing = [
        f"Not {one.get('type')} ({said(one, 'reason')})" for one in conditions(obj) if one.get("status") == "False"
    ]
    text = f"MachinePool is {phase}" + (f": {', '.join(missing)}" if missing else "")
    if phase == "Running":
        return healthy(text)
    return degraded(text) if phase in ("Failed", "Unknown") else progressing(text)


def _by_phase(obj: Object, good: str, verdict: Health, waiting: str) -> Health:
    """What Ready says when it is False, for reasons of note; else the phase."""
    phase, bad = at(obj, "status", "phase"), find(obj, "Ready", "False")
    if bad is not None:
        return progressing(said(bad)) if bad.get("severity") == "Info" else degraded(said(bad))
    if phase == good:
        return verdict
    return degraded() if phase == "Failed" else progressing(waiting)
