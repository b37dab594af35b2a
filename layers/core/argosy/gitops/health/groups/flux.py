"""Health of Flux' kinds (`resource_customizations/*.toolkit.fluxcd.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said, suspended

__all__ = ["check", "helm_repository"]


def check(obj: Object) -> Health:
    """The condition Ready, of which the reason is shown; while it is Unknown the controller works on it."""
    if at(obj, "spec", "suspend") is True:
        return suspended(f"{obj.get('kind')} is suspended")
    if at(obj, "status", "conditions") is None:
        return progressing("Status unknown")
    found = [one for one in conditions(obj) if one.get("type") == "Ready"]
    reason = said(found[-1], "reason") if found else ""
    states = [one.get("status") for one in found]
    if states.count("Unknown") == 1:
        return progressing(reason)
    return healthy(reason) if states.count("True") == 1 else degraded(reason)


def helm_repository(obj: Object) -> Health:
    if at(obj, "spec", "suspend") is not True and at(obj, "spec", "type") == "oci":
        return healthy("Helm repositories of type 'oci' do not contain any information in the status.")
    return check(obj)
