"""Health of Open Cluster Management's policies (`resource_customizations/policy.open-cluster-management.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, items, progressing

__all__ = ["policy", "template"]


_WAITING = progressing("Waiting for the status to be reported")


def policy(obj: Object) -> Health:
    """On the hub it lists clusters, on a cluster templates; what is not compliant is named."""
    status = at(obj, "status")
    if not status:
        return _WAITING
    if not status.get("compliant") and status.get("placement"):
        return healthy("No clusters match this policy")
    if status.get("placement") is not None or status.get("status") is not None:
        return _listed(status, items(status, "status"), "clusters", ("clustername",))
    return _listed(status, items(status, "details"), "templates", ("templateMeta", "name"))


def _listed(status: Object, found: list[Object], word: str, path: tuple[str, ...]) -> Health:
    bad = [str(at(one, *path)) for one in found if one.get("compliant") == "NonCompliant"]
    if bad:
        return degraded(f"NonCompliant {word}: {', '.join(bad)}")
    if status.get("compliant") == "Compliant":
        return healthy(f"All {word} are compliant")
    pending = [str(at(one, *path)) for one in found if one.get("compliant") != "Compliant"]
    return progressing(f"Pending {word}: {', '.join(pending)}") if pending else _WAITING


def template(obj: Object) -> Health:
    found = at(obj, "status", "compliant")
    if not found:
        return _WAITING
    if found == "NonCompliant":
        return degraded(f"{obj.get('kind')} is NonCompliant")
    return (
        healthy(f"{obj.get('kind')} is {found}")
        if found == "Compliant"
        else progressing(f"{obj.get('kind')} is {found}")
    )
