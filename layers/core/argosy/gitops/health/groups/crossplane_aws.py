"""Health of those AWS kinds of Crossplane that have checks of their own (`resource_customizations/*.aws.crossplane.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, find, healthy, progressing, said, suspended

__all__ = ["check"]


def check(obj: Object) -> Health:
    kind = obj.get("kind")
    if at(obj, "status", "conditions") is None:
        return progressing(f"Waiting for {kind} to be created")
    ready, synced = find(obj, "Ready"), find(obj, "Synced")
    is_ready, is_synced = (one is not None and one.get("status") == "True" for one in (ready, synced))
    if is_ready and is_synced:
        return healthy(said(ready, "reason"))
    reason = said(synced, "reason")
    if not is_synced and reason == "ReconcilePaused":
        return suspended(reason)
    return progressing(f"Waiting for {kind} to be available") if is_synced else degraded(said(synced))
