"""Health of Percona's databases (`resource_customizations/pxc.percona.com`, `psmdb.percona.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing, unknown

__all__ = ["check"]


_ODD = (
    "Cluster status is unknown. Ensure your ArgoCD is current and then check for/file a bug report: "
    "https://github.com/argoproj/argo-cd/issues"
)


def check(obj: Object) -> Health:
    status = at(obj, "status")
    if not status:
        return progressing(_ODD)
    nodes = f"{status.get('ready', 0)}/{status.get('size', 0)} node(s) are ready"
    mongo = obj.get("kind") == "PerconaServerMongoDB"
    match status.get("state"):
        case "ready":
            return healthy(nodes)
        case "initializing":
            return progressing(nodes)
        case "paused":
            return unknown("Cluster is paused")
        case "stopping":
            return degraded(f"Cluster is stopping ({nodes})")
        case "error" if mongo:
            return degraded(nodes)
        case "error":
            message = status.get("message")
            return degraded(
                f"Cluster is on error: {', '.join(message) if isinstance(message, list) else message or ''}"
            )
    return unknown(_ODD)
