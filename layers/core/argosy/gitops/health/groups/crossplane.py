"""Health of all that Crossplane and Upbound manage (`resource_customizations/_.crossplane.io`, `_.upbound.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, said

__all__ = ["check", "provider"]


_WITHOUT_STATUS = {
    "ClusterProviderConfig",
    "Composition",
    "CompositionRevision",
    "ControllerConfig",
    "DeploymentRuntimeConfig",
    "ImageConfig",
    "ProviderConfig",
    "ProviderConfigUsage",
}
_GOOD = {"Ready", "Healthy", "Offered", "Established", "ValidPipeline", "RevisionHealthy"}
_FINE = healthy("Resource is up-to-date.")
_WAITING = progressing("Provisioning ...")


def check(obj: Object) -> Health:
    status, kind = at(obj, "status"), obj.get("kind")
    if not status and kind in _WITHOUT_STATUS:
        return _FINE
    if not status or status.get("conditions") is None:
        used = kind == "ProviderConfig" and at(status, "users") is not None
        return healthy("Resource is in use.") if used else _WAITING
    for one in conditions(obj):
        if one.get("type") in ("LastAsyncOperation", "Synced") and one.get("status") == "False":
            return degraded(said(one))
    good = any(one.get("type") in _GOOD and one.get("status") == "True" for one in conditions(obj))
    return _FINE if good else _WAITING


def provider(obj: Object) -> Health:
    """A provider package: installed, and healthy."""
    if at(obj, "status", "conditions") is None:
        return progressing("Waiting for provider to be installed")
    parts = [find(obj, "Installed"), find(obj, "Healthy")]
    text = " ".join(said(one, "reason") for one in parts)
    good = all(one is not None and one.get("status") == "True" for one in parts)
    return healthy(text) if good else degraded(text)
