"""Health of Datadog's metrics (`resource_customizations/datadoghq.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    if not conditions(obj):
        return progressing("Waiting for DatadogMetric to be ready")
    bad = find(obj, "Valid", "False") or find(obj, "Error", "True")
    return degraded(said(bad)) if bad is not None else healthy("DatadogMetric is healthy")
