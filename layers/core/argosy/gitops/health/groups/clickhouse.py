"""Health of Altinity's ClickHouse installations (`resource_customizations/clickhouse.altinity.com`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, degraded, healthy, progressing

__all__ = ["check"]


def check(obj: Object) -> Health:
    found = at(obj, "status", "status")
    if found is None:
        return progressing("Waiting for ClickHouse status to be reported")
    if found == "Completed":
        return healthy("ClickHouse installation completed successfully")
    if found == "InProgress":
        return progressing("ClickHouse installation in progress")
    return degraded(f"ClickHouse status: {found}")
