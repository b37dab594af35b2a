"""Health of cert-manager's kinds, old and new group (`resource_customizations/cert-manager.io`, `certmanager.k8s.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, find, progressing, ready, said

__all__ = ["check", "cluster_issuer", "issuer"]


_certificate = ready("Waiting for certificate")
issuer = ready("Initializing Issuer")
cluster_issuer = ready("Initializing ClusterIssuer")


def check(obj: Object) -> Health | None:
    """A certificate that is being issued waits, whatever it was before."""
    issuing = find(obj, "Issuing", "True")
    return progressing(said(issuing)) if issuing is not None else _certificate(obj)
