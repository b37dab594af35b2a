"""Health of Grafana operator's kinds (`resource_customizations/grafana.integreatly.org`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import Health, Object, at, conditions, degraded, find, healthy, progressing, said

__all__ = ["datasource", "grafana", "synchronized"]


def grafana(obj: Object) -> Health:
    stage, state = at(obj, "status", "stage"), at(obj, "status", "stageStatus")
    if stage is None or state is None:
        return progressing("Waiting for Grafana status info")
    if state == "failed":
        return degraded(f"Failed at stage {stage}")
    return healthy() if stage == "complete" and state == "success" else progressing(stage)


def datasource(obj: Object) -> Health:
    status = at(obj, "status") or {}
    if status.get("NoMatchingInstances"):
        return degraded("can't find matching grafana instance")
    if status.get("lastResync") is None and not conditions(obj):
        return progressing()
    return _synchronized(obj) or healthy()


def synchronized(obj: Object) -> Health:
    """Dashboards and folders: what their conditions say."""
    return (_synchronized(obj) or healthy()) if conditions(obj) else progressing()


def _synchronized(obj: Object) -> Health | None:
    unmatched = find(obj, "NoMatchingInstance", "True")
    if unmatched is not None:
        return degraded(said(unmatched))
    for one in conditions(obj):
        if str(one.get("type")).endswith("Synchronized"):
            if one.get("status") == "True":
                return healthy()
            return degraded(f"{said(one, 'reason')} for {one.get('type')} because {said(one)}")
    return None
