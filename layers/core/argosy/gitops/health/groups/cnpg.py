"""Health of CloudNativePG's clusters (`resource_customizations/postgresql.cnpg.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    DEGRADED,
    HEALTHY,
    PROGRESSING,
    SUSPENDED,
    Health,
    Object,
    at,
    find,
    said,
    suspended,
)

__all__ = ["check"]


_PHASES = {
    "Cluster in healthy state": HEALTHY,
    "Setting up primary": PROGRESSING,
    "Creating a new replica": PROGRESSING,
    "Waiting for the instances to become active": PROGRESSING,
    "Upgrading cluster": PROGRESSING,
    "Upgrading Postgres major version": PROGRESSING,
    "Promoting to primary cluster": PROGRESSING,
    "Switchover in progress": PROGRESSING,
    "Online upgrade in progress": PROGRESSING,
    "Applying configuration": PROGRESSING,
    "Waiting for user action": SUSPENDED,
    "Cluster upgrade delayed": SUSPENDED,
    "Failing over": DEGRADED,
    "Not enough disk space": DEGRADED,
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required": DEGRADED,
    "Cluster cannot execute instance online upgrade due to missing architecture binary": DEGRADED,
    "Cluster in unrecoverable state, needs manual intervention": DEGRADED,
    "Unable to create required cluster objects": DEGRADED,
}


def check(obj: Object) -> Health:
    notes = at(obj, "metadata", "annotations") or {}
    if notes.get("cnpg.io/hibernation") == "on":
        hibernated = find(obj, "cnpg.io/hibernation", "True")
        return suspended(said(hibernated) or "Cluster has been hibernated")
    if notes.get("cnpg.io/reconciliationLoop") == "disabled":
        return suspended("Cluster reconciliation is suspended")
    phase = at(obj, "status", "phase")
    if phase is None:
        return Health(PROGRESSING, "Waiting for cluster status")
    return Health(_PHASES.get(phase, PROGRESSING), at(obj, "status", "phaseReason") or phase)
