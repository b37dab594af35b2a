"""Health of acid.zalan.do: PostgreSQL clusters of Zalando's operator (`resource_customizations/acid.zalan.do`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    found = at(obj, "status", "PostgresClusterStatus")
    if found is None:
        return progressing("Waiting for postgres cluster status...")
    if found == "Running":
        return healthy(found)
    return progressing(found) if found in ("Creating", "Updating") else degraded(found)
