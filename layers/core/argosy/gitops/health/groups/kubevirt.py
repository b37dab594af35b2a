"""Health of KubeVirt's machines and CDI's volumes (`resource_customizations/kubevirt.io`, `cdi.kubevirt.io`)."""

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

__all__ = ["data_volume", "machine", "machine_instance"]


def data_volume(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase is None:
        return progressing("No status available")
    if phase == "Succeeded":
        return healthy(phase)
    if phase in ("Failed", "Unknown"):
        return degraded(phase)
    if phase in ("Paused", "WaitForFirstConsumer", "PendingPopulation"):
        return suspended(phase)
    for one in conditions(obj):
        if one.get("type") == "Running" and one.get("status") == "False" and one.get("reason") == "Error":
            return degraded(said(one))
    return progressing(phase)


def machine(obj: Object) -> Health:
    for one in conditions(obj):
        if one.get("type") == "Failure" and one.get("status") == "True":
            return degraded(said(one))
    shown = at(obj, "status", "printableStatus")
    if shown == "Running":
        return healthy(shown)
    if shown in ("Stopped", "Paused"):
        return suspended(shown)
    return progressing(shown or "Waiting for the VM to be started")


def machine_instance(obj: Object) -> Health:
    phase = at(obj, "status", "phase")
    if phase == "Failed":
        return degraded(phase)
    if phase != "Running":
        return progressing(phase or "")
    paused = find(obj, "Paused", "True")
    if paused is not None:
        return suspended(said(paused))
    bad = find(obj, "Ready", "False")
    return degraded(said(bad)) if bad is not None else healthy(phase)
