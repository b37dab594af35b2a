"""Health of OpenKruise's workloads (`resource_customizations/apps.kruise.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing, suspended

__all__ = ["broadcast_job", "clone_set", "cron_job", "daemon_set", "stateful_set"]


_WAITING = progressing("Waiting for initialization")


def broadcast_job(obj: Object) -> Health:
    status = at(obj, "status") or {}
    phase = status.get("phase")
    if phase == "completed" and status.get("desired") == status.get("succeeded"):
        return healthy("BroadcastJob is completed successfully")
    if phase == "failed" and status.get("failed") != 0:
        return degraded("BroadcastJob failed")
    if phase == "paused" and at(obj, "spec", "paused") is True:
        return suspended("BroadcastJob is Paused")
    return progressing("BroadcastJob is still running")


def cron_job(obj: Object) -> Health:
    last = at(obj, "status", "lastScheduleTime")
    if last is None and at(obj, "spec", "paused") is True:
        return suspended("AdvancedCronJob is Paused")
    if at(obj, "status", "active"):
        return progressing("AdvancedCronJobs has active jobs")
    if last is None:
        return degraded("AdvancedCronJobs has not run successfully")
    return healthy("AdvancedCronJobs has run successfully")


def clone_set(obj: Object) -> Health:
    status = at(obj, "status")
    if not _is_observed(obj):
        return _WAITING
    strategy = at(obj, "spec", "updateStrategy") or {}
    available, there = status.get("updatedAvailableReplicas"), status.get("replicas")
    if strategy.get("paused") is True or available is None:
        return suspended("Cloneset is paused")
    if strategy.get("partition") != 0 and _is_update(obj):
        held = status.get("updatedReplicas", 0) >= status.get("expectedUpdatedReplicas", 0)
        return suspended("Cloneset needs manual intervention") if held else _WAITING
    if available == there:
        return healthy("All Cloneset workloads are ready and updated")
    return degraded("Some replicas are not ready or available")


def daemon_set(obj: Object) -> Health:
    status = at(obj, "status")
    if not _is_observed(obj):
        return _WAITING
    strategy = at(obj, "spec", "updateStrategy", "rollingUpdate") or {}
    updated, wanted = status.get("updatedNumberScheduled"), status.get("desiredNumberScheduled")
    if strategy.get("paused") is True or updated is None:
        return suspended("Daemonset is paused")
    if strategy.get("partition") != 0 and _is_update(obj):
        held = updated > (wanted or 0) - strategy.get("partition", 0)
        return suspended("Daemonset needs manual intervention") if held else _WAITING
    if updated == wanted and status.get("numberAvailable") == wanted:
        return healthy("All Daemonset workloads are ready and updated")
    if updated == wanted and status.get("numberUnavailable") == wanted:
        return degraded("Some pods are not ready or available")
    return _WAITING


def stateful_set(obj: Object) -> Health:
    status = at(obj, "status")
    if not _is_observed(obj):
        return _WAITING
    strategy = at(obj, "spec", "updateStrategy", "rollingUpdate") or {}
    available, there = status.get("updatedAvailableReplicas"), status.get("replicas")
    if strategy.get("paused") is True or available is None:
        return suspended("Statefulset is paused")
    if strategy.get("partition") != 0 and _is_update(obj):
        held = status.get("updatedReplicas", 0) > (there or 0) - strategy.get("partition", 0)
        return suspended("Statefulset needs manual intervention") if held else _WAITING
    if available == there:
        return healthy("All Statefulset workloads are ready and updated")
    return degraded("Some replicas are not ready or available")


def _is_observed(obj: Object) -> bool:
    status = at(obj, "status")
    return bool(status) and at(obj, "metadata", "generation") == status.get("observedGeneration")


def _is_update(obj: Object) -> bool:
    return bool((at(obj, "metadata", "generation") or 0) > 1)
