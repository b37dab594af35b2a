"""Health of SealedSecrets (`resource_customizations/bitnami.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, progressing, said

__all__ = ["check"]


def check(obj: Object) -> Health:
    if at(obj, "status", "conditions") is None:
        return progressing("Waiting for Sealed Secret to be decrypted")
    bad = find(obj, "Synced", "False")
    return degraded(said(bad)) if bad is not None else healthy()
