"""Health of CustomResourceDefinitions (`resource_customizations/apiextensions.k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    terminating = find(obj, "Terminating", "True")
    if at(obj, "metadata", "deletionTimestamp") is not None:
        return progressing("CRD is terminating")
    if not conditions(obj):
        return progressing("Status conditions not found")
    if terminating is not None:
        return progressing(f"CRD is terminating: {said(terminating)}")
    refused = find(obj, "NamesAccepted", "False")
    if refused is not None:
        return degraded(f"CRD names have not been accepted: {said(refused)}")
    if find(obj, "Established", "True") is None:
        installing = said(find(obj, "Established"), "reason") == "Installing"
        return progressing("CRD is being installed") if installing else degraded("CRD is not established")
    violations = find(obj, "NonStructuralSchema", "True")
    if violations is not None:
        return degraded(f"Schema violations found: {said(violations)}")
    return healthy("CRD is healthy")
