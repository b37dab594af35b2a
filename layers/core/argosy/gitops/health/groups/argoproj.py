"""Health of Argo's own kinds but Rollout (`resource_customizations/argoproj.io`)."""

from __future__ import annotations

from argosy.gitops.health.verdict import (
    DEGRADED,
    HEALTHY,
    PROGRESSING,
    UNKNOWN,
    Health,
    Object,
    at,
    degraded,
    find,
    healthy,
    progressing,
    said,
)

__all__ = ["analysis_run", "application_set", "cron_workflow", "deployed", "experiment"]


_ANALYSES = {
    "Pending": (PROGRESSING, "Analysis run is running"),
    "Running": (PROGRESSING, "Analysis run is running"),
    "Successful": (HEALTHY, "Analysis run completed successfully"),
    "Failed": (DEGRADED, "Analysis run failed"),
    "Error": (DEGRADED, "Analysis run had an error"),
    "Inconclusive": (UNKNOWN, "Analysis run was inconclusive"),
}
_EXPERIMENTS = {
    "Pending": (PROGRESSING, "Experiment is pending"),
    "Running": (PROGRESSING, "Experiment is running"),
    "Successful": (HEALTHY, "Experiment is successful"),
    "Failed": (DEGRADED, "Experiment has failed"),
    "Error": (DEGRADED, "Experiment had an error"),
    "Cancelled": (UNKNOWN, "Experiment was cancelled"),
}


def analysis_run(obj: Object) -> Health:
    found = _ANALYSES.get(str(at(obj, "status", "phase")))
    if found is None:
        return progressing("Waiting for analysis run to finish: status has not been reconciled.")
    state, message = found
    return Health(state, at(obj, "status", "message") or message if state in (DEGRADED, UNKNOWN) else message)


def experiment(obj: Object) -> Health:
    found = _EXPERIMENTS.get(str(at(obj, "status", "phase")))
    if found is None:
        return progressing("Waiting for experiment to finish: status has not been reconciled.")
    return Health(*found)


def application_set(obj: Object) -> Health:
    bad = find(obj, "ErrorOccurred", "True") or find(obj, "ResourcesUpToDate", "False")
    if bad is not None:
        return degraded(said(bad))
    rolling = find(obj, "RolloutProgressing", "True")
    if rolling is not None:
        return progressing(said(rolling))
    good = find(obj, "ResourcesUpToDate", "True")
    return healthy(said(good)) if good is not None else progressing("Waiting for the status to be reported")


def cron_workflow(obj: Object) -> Health:
    bad = find(obj, "SubmissionError", "True") or find(obj, "SpecError", "True")
    return degraded(said(bad)) if bad is not None else healthy("CronWorkflow is healthy.")


def deployed(obj: Object) -> Health:
    """EventBus, EventSource and Sensor: what their condition Deployed says."""
    bad = find(obj, "Deployed", "False")
    if bad is not None:
        return degraded(said(bad))
    good = find(obj, "Deployed", "True")
    kind = obj.get("kind")
    return healthy(said(good)) if good is not None else progressing(f"Waiting for {kind} to be deployed")
