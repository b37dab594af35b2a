"""Health of Ansible's jobs (`resource_customizations/tower.ansible.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import DEGRADED, HEALTHY, PROGRESSING, Health, Object, at, progressing

__all__ = ["check"]


_STATES = {
    "new": PROGRESSING,
    "pending": PROGRESSING,
    "waiting": PROGRESSING,
    "running": PROGRESSING,
    "successful": HEALTHY,
    "canceled": DEGRADED,
    "error": DEGRADED,
    "failed": DEGRADED,
}


def check(obj: Object) -> Health:
    result = at(obj, "status", "ansibleJobResult") or {}
    state = result.get("status")
    if state not in _STATES:
        return progressing("Waiting for AnsibleJob to run")
    return Health(_STATES[state], f"{state} job - {result.get('url', '')}")
