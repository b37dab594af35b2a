"""Health of Humio's clusters (`resource_customizations/core.humio.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import DEGRADED, HEALTHY, PROGRESSING, UNKNOWN, Health, Object, at

__all__ = ["check"]


_STATES = {
    "Pending": (PROGRESSING, "Waiting for cluster to be ready"),
    "Restarting": (PROGRESSING, "Cluster pods are being restarted"),
    "Upgrading": (PROGRESSING, "Cluster pods are being upgraded"),
    "ConfigError": (DEGRADED, "User-provided cluster specification resulted in a configuration error"),
    "Running": (HEALTHY, "Cluster is running"),
}


def check(obj: Object) -> Health:
    return Health(*_STATES.get(str(at(obj, "status", "state")), (UNKNOWN, "Cluster Status is unknown")))
