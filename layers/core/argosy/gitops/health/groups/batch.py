"""Health of CronJobs (`resource_customizations/batch/CronJob`): never degraded, as the next run may go well."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, healthy, suspended

__all__ = ["check"]


def check(obj: Object) -> Health:
    if at(obj, "spec", "suspend") is True:
        return suspended("CronJob is Suspended")
    if at(obj, "status", "active"):
        return healthy("The job is running. Its last execution may not have been successful")
    scheduled, good = at(obj, "status", "lastScheduleTime"), at(obj, "status", "lastSuccessfulTime")
    if scheduled is None:
        return healthy("CronJob has not been scheduled yet")
    if good is None:
        return healthy("The CronJob never completed successfully. It may not be healthy")
    if good < scheduled:
        return healthy("The CronJob did not complete its last execution successfully. It may not be healthy")
    return healthy("CronJob has completed its last execution successfully")
