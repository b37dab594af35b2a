"""Health of Flink deployments (`resource_customizations/flink.apache.org`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


_SUSPENDED = ("SUSPENDED", "FINISHED")


def check(obj: Object) -> Health:
    """It is fine when it was deployed and the job is as asked: running, or suspended."""
    status = at(obj, "status")
    if not at(status, "reconciliationStatus") and at(status, "jobManagerDeploymentStatus") is None:
        return progressing("Waiting for Flink operator")
    outcome = at(status, "reconciliationStatus") or {}
    if outcome.get("success") is True or outcome.get("state") in ("DEPLOYED", "ROLLED_BACK"):
        manager = at(status, "jobManagerDeploymentStatus")
        state = at(status, "jobStatus", "state")
        if manager == "READY" or (manager == "MISSING" and state in _SUSPENDED):
            return healthy()
    manager = at(status, "jobManagerDeploymentStatus")
    if manager in ("DEPLOYED_NOT_READY", "DEPLOYING"):
        return progressing("Waiting for deploying")
    if manager == "ERROR":
        return degraded(at(outcome, "error") or at(status, "error") or "")
    if outcome.get("success") is False:
        return degraded(at(outcome, "error") or "")
    return progressing("Waiting for Flink operator")
