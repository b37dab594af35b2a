"""Health of Gloo's virtual services (`resource_customizations/gateway.solo.io`); states are words or numbers."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing, said, suspended

__all__ = ["check"]


_WORDS = {0: "Pending", 1: "Accepted", 2: "Rejected", 3: "Warning"}


def check(obj: Object) -> Health:
    status = at(obj, "status")
    if not status:
        return progressing("Update in progress")
    each = status.get("statuses")
    found = list(each.values()) if isinstance(each, dict) else [status]
    states = [_WORDS.get(state, state) if isinstance(state := at(one, "state"), int) else state for one in found]
    for one, state in zip(found, states, strict=True):
        if state in ("Rejected", "Warning"):
            return degraded(said(one, "reason"))
    if "Pending" in states:
        return suspended("The resource has not yet been validated")
    if "Accepted" in states:
        return healthy("The resource has been validated")
    return progressing("Update in progress")
