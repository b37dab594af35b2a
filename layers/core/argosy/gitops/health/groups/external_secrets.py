"""Health of External Secrets' kinds (`resource_customizations/external-secrets.io`, `kubernetes-client.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    Health,
    Object,
    at,
    conditions,
    degraded,
    find,
    healthy,
    progressing,
    ready,
    said,
)

__all__ = ["cluster_secret", "cluster_store", "legacy", "push", "secret", "store"]


secret = ready("Waiting for ExternalSecret")
store = ready("Waiting for SecretStore")
cluster_store = ready("Waiting for ClusterSecretStore")
push = ready("Waiting for PushSecret")


def cluster_secret(obj: Object) -> Health:
    for one in conditions(obj):
        if one.get("status") != "True":
            continue
        if one.get("type") == "Ready":
            return healthy(said(one))
        if one.get("type") in ("PartiallyReady", "NotReady"):
            return degraded(said(one))
    bad = find(obj, "Ready", "False")
    return degraded(said(bad)) if bad is not None else progressing("Waiting for ClusterExternalSecret")


def legacy(obj: Object) -> Health:
    """The ExternalSecret of GoDaddy's controller, whose status is one sentence."""
    found = at(obj, "status", "status")
    if found is None:
        return progressing("Waiting for ExternalSecret.")
    return healthy("Secret has been successfully synced.") if found == "SUCCESS" else degraded(found)
