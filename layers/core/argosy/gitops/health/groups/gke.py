"""Health of Google's managed certificates (`resource_customizations/networking.gke.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, items, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    status = at(obj, "status")
    if not status or status.get("domainStatus") is None:
        return progressing("Waiting for managed certificate")
    states = [str(one.get("status")) for one in items(status, "domainStatus")]
    if any(state not in ("Active", "Provisioning") for state in states):
        return degraded("At least one certificate has failed to be provisioned")
    if "Provisioning" in states:
        return progressing("At least one certificate is still being provisioned")
    return healthy("All certificates are active")
