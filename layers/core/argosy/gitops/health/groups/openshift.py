"""Health of OpenShift's kinds (`resource_customizations/apps.openshift.io`, `route.openshift.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, healthy, items, progressing, said

__all__ = ["deployment_config", "route"]


_PODS = progressing("replication controller is waiting for pods to run")


def deployment_config(obj: Object) -> Health:
    there = at(obj, "status", "replicas")
    if at(obj, "status", "conditions") is None or there is None:
        return _PODS
    good = [
        one
        for one in conditions(obj)
        if one.get("status") == "True"
        and (
            one.get("type") == "Available"
            or (one.get("type") == "Progressing" and one.get("reason") == "NewReplicationControllerAvailable")
        )
    ]
    if len(good) == 2 or there == 0:
        return healthy("replication controller successfully rolled out")
    return _PODS if good else degraded("Deployment config is degraded")


def route(obj: Object) -> Health:
    ingresses = items(obj, "status", "ingress")
    admitted = [one for ingress in ingresses for one in items(ingress, "conditions") if one.get("type") == "Admitted"]
    refused = [one for one in admitted if one.get("status") == "False"]
    if refused:
        return degraded(said(refused[0]))
    if admitted and all(one.get("status") == "True" for one in admitted):
        return healthy("Route is healthy")
    return progressing("Route is still getting admitted")
