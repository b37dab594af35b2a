"""Health of Contour's kinds (`resource_customizations/projectcontour.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    found, there = find(obj, "Valid"), at(obj, "metadata", "generation")
    fresh = all(one.get("observedGeneration") in (None, there) for one in conditions(obj))
    if found is None or not fresh:
        return progressing("Waiting for status")
    return healthy(said(found)) if found.get("status") == "True" else degraded(said(found))
