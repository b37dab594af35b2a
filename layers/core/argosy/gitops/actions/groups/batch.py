"""Actions of Jobs and CronJobs (`resource_customizations/batch`)."""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.gitops.actions.action import PLUS, Action, Call, Draft, holds, into, lacks, named, put
from argosy.gitops.health.verdict import Object, at, find
from argosy.lang.copying import copied

__all__ = ["CRON_JOB", "JOB"]

_ENDS = ("Complete", "Failed", "FailureTarget", "SuccessCriteriaMet")
_PAUSE = "fa fa-fw fa-pause"
_PLAY = "fa fa-fw fa-play"
_suspended, _active = holds("spec", "suspend"), lacks("spec", "suspend")


def _ended(obj: Object) -> bool:
    return any(find(obj, kind, "True") is not None for kind in _ENDS)


def _create_job(draft: Draft, call: Call) -> Draft:
    template = at(draft, "spec", "jobTemplate")
    if not isinstance(at(template, "spec"), dict):
        raise EvaluationError("spec.jobTemplate.spec is missing")
    job = named(draft, call, "Job", "batch/v1", blockOwnerDeletion=True, controller=True)
    given = copied(at(template, "metadata") or {})
    job["metadata"]["labels"] = given.get("labels") or {}
    job["metadata"]["annotations"] = {
        **(given.get("annotations") or {}),
        "cronjob.kubernetes.io/instantiate": "manual",
    }
    job["spec"] = copied(template["spec"])
    return job


def _terminate(draft: Draft, call: Call) -> None:
    """The job's controller ends what runs once it sees the condition."""
    if find(draft, "FailureTarget", "True") is not None:
        return
    status = into(draft, "status")
    told = {
        "type": "FailureTarget",
        "status": "True",
        "reason": "ManuallyTerminated",
        "message": "Job was terminated explicitly through Argo CD",
        "lastTransitionTime": call.time,
    }
    status["conditions"] = [*(status.get("conditions") or ()), told]


_SUSPEND = put("spec", "suspend", value=True)
_RESUME = put("spec", "suspend", value=False)

CRON_JOB = {
    "create-job": Action(_create_job, display_name="Create Job", icon=PLUS),
    "resume": Action(_RESUME, shown=_suspended, icon=_PLAY),
    "suspend": Action(_SUSPEND, shown=_active, icon=_PAUSE),
}
JOB = {
    "resume": Action(_RESUME, shown=lambda obj: not _ended(obj) and _suspended(obj), icon=_PLAY),
    "suspend": Action(_SUSPEND, shown=lambda obj: not _ended(obj) and _active(obj), icon=_PAUSE),
    "terminate": Action(_terminate, shown=lambda obj: not _ended(obj), icon="fa fa-fw fa-stop"),
}
