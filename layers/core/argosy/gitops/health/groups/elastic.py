"""Health of Elasticsearch (`resource_customizations/elasticsearch.k8s.elastic.co`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


_LOOK = "Check the status of indices, replicas and shards"


def check(obj: Object) -> Health:
    phase, found = at(obj, "status", "phase"), at(obj, "status", "health")
    if phase in ("ApplyingChanges", "MigratingData"):
        return progressing(f"Elasticsearch phase is {phase}")
    if phase in ("Stalled", "Invalid"):
        return degraded(f"Elasticsearch phase is {phase}")
    match found:
        case "green":
            return healthy("Elasticsearch Cluster status is Green")
        case "yellow":
            return progressing(f"Elasticsearch Cluster status is Yellow. {_LOOK}")
        case "red":
            return degraded(f"Elasticsearch Cluster status is Red. {_LOOK}")
    return progressing(
        "Elasticsearch Cluster status is unknown. Ensure your ArgoCD is current and then check for/file a bug "
        "report: https://github.com/argoproj/argo-cd/issues"
    )
