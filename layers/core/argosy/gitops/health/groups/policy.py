"""Health of PodDisruptionBudgets (`resource_customizations/policy`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, progressing, said

__all__ = ["check"]


_REASONS = {"SufficientPods": healthy, "InsufficientPods": healthy, "SyncFailed": degraded}


def check(obj: Object) -> Health:
    if not at(obj, "status"):
        return progressing("Waiting for status")
    verdict = progressing("Waiting for status")
    for one in conditions(obj):
        reason = said(one, "reason")
        if one.get("type") == "DisruptionAllowed" and reason in _REASONS:
            verdict = _REASONS[reason](f"PodDisruptionBudget has {reason}")
            if one.get("status") == "True" or reason == "SyncFailed":
                return verdict
    return verdict
