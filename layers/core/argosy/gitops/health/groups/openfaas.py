"""Health of OpenFaaS' functions (`resource_customizations/openfaas.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    stalled = find(obj, "Stalled", "True")
    if stalled is not None:
        return degraded(said(stalled))
    ready = find(obj, "Ready", "True")
    if ready is not None:
        return healthy(said(ready))
    working = find(obj, "Reconciling", "True")
    return progressing(said(working)) if working is not None else progressing("Waiting for Function to be reconciled")
