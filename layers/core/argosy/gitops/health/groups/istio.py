"""Health of Istio's operator (`resource_customizations/install.istio.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import DEGRADED, HEALTHY, PROGRESSING, Health, Object, at

__all__ = ["check"]


_STATES = {
    "HEALTHY": (HEALTHY, "Component is healthy."),
    "UPDATING": (PROGRESSING, "Component is being updated to a different version."),
    "RECONCILING": (PROGRESSING, "Component is being reconciled."),
    "ACTION_REQUIRED": (DEGRADED, "Action required."),
    "ERROR": (DEGRADED, "Component is in an error state."),
    "NONE": (HEALTHY, "Component is not present."),
}


def check(obj: Object) -> Health:
    """The worst of its components speaks; without any, the whole."""
    parts = at(obj, "status", "componentStatus")
    states = [at(one, "status") for one in parts.values()] if isinstance(parts, dict) else []
    states.append(at(obj, "status", "status"))
    for word in ("ERROR", "ACTION_REQUIRED", "UPDATING", "RECONCILING", "HEALTHY"):
        if word in states:
            return Health(*_STATES[word])
    return Health(PROGRESSING, "Waiting for Istio Control Plane")
