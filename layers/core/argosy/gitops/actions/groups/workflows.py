"""Actions of templates of workflows (`resource_customizations/argoproj.io`)."""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.gitops.actions.action import PLUS, Action, Call, Draft, named
from argosy.gitops.health.verdict import Object, at
from argosy.lang.copying import copied

__all__ = ["CRON_WORKFLOW", "TEMPLATE"]

_INSTANCE = "workflows.argoproj.io/controller-instanceid"


def _workflow(obj: Object, call: Call, label: str) -> Draft:
    made = named(obj, call, "Workflow", "argoproj.io/v1alpha1")
    labels = made["metadata"]["labels"]
    labels[label] = at(obj, "metadata", "name")
    instance = at(obj, "metadata", "labels", _INSTANCE)
    if instance is not None:
        labels[_INSTANCE] = instance
    return made


def _from_cron(draft: Draft, call: Call) -> Draft:
    if not isinstance(at(draft, "spec", "workflowSpec"), dict):
        raise EvaluationError("spec.workflowSpec is missing")
    made = _workflow(draft, call, "workflows.argoproj.io/cron-workflow")
    given = copied(at(draft, "spec", "workflowMetadata") or {})
    made["metadata"]["labels"] |= given.get("labels") or {}
    made["metadata"]["annotations"] = {
        **(given.get("annotations") or {}),
        "workflows.argoproj.io/scheduled-time": call.time,
    }
    if given.get("finalizers"):
        made["finalizers"] = given["finalizers"]  # at the top, where Argo puts them, and so nobody heeds them
    made["spec"] = copied(draft["spec"]["workflowSpec"])
    return made


def _from_template(draft: Draft, call: Call) -> Draft:
    made = _workflow(draft, call, "workflows.argoproj.io/workflow-template")
    made["spec"] = {"workflowTemplateRef": {"name": at(draft, "metadata", "name")}}
    return made


CRON_WORKFLOW = {"create-workflow": Action(_from_cron, display_name="Create Workflow", icon=PLUS)}
TEMPLATE = {"create-workflow": Action(_from_template, display_name="Create Workflow", icon=PLUS)}
