"""Trigger `argoWorkflow`: what the argo CLI would be told to do with a workflow.

Follows `pkg/sensors/triggers/argo-workflow` of Argo Events 1.9, which calls the CLI: submit a manifest, submit from a
WorkflowTemplate or CronWorkflow, resubmit, resume, retry, suspend, terminate or stop the workflow that the source names.
Here the objects are written directly, as the CLI does in the end (`events.workflowcommands`). On purpose different: only a
submitted workflow is looked for afterwards there, and not found when its template was named; here what was written is known.
"""

from __future__ import annotations

from typing import Final

from argosy.errors import EvaluationError
from argosy.events.effects import Draft, WorkflowCommand
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.objects import drafted, labelled, read_object, source_text

__all__ = ["build", "finished"]

_OPERATIONS: Final = ("submit", "submit-from", "resubmit", "resume", "retry", "suspend", "terminate", "stop")
_ORIGINS: Final = {"cronworkflow": "cronwf", "workflowtemplate": "workflowtemplate"}


def build(context: FiringContext) -> WorkflowCommand | Draft:
    """What one firing does; a draft when its object is still to be read. Raises EvaluationError."""
    trigger = context.template.argo_workflow
    if trigger is None:
        raise EvaluationError("the template has no argoWorkflow trigger")
    draft = drafted(trigger, context, "argoWorkflow")
    return draft if draft.unread else finished(draft, source_text(trigger.source), context.firing_id)


def finished(draft: Draft, text: str, firing: str) -> WorkflowCommand:
    """What a draft comes to with the `text` of its source, for the firing of this id. Raises EvaluationError."""
    operation = draft.operation or "submit"
    if operation not in _OPERATIONS:
        raise EvaluationError(f"operation {operation!r} is not one of {', '.join(_OPERATIONS)}")
    body = read_object(draft, text)
    kind, metadata = str(body["kind"]), body["metadata"]
    namespace = str(metadata.get("namespace") or draft.namespace)
    rest = (draft.args, draft.cluster)
    if operation == "submit":
        if kind != "Workflow":
            raise EvaluationError(f"submit takes a Workflow, not a {kind}")
        labelled(body, draft, firing)
        return WorkflowCommand(body, namespace, draft.service_account, operation, "", "", *rest)
    name, origin = metadata.get("name"), ""
    if not name or not isinstance(name, str):
        raise EvaluationError(f"the {kind} to {operation} has no metadata.name")
    if operation == "submit-from":
        if kind.lower() not in _ORIGINS:
            raise EvaluationError(f"submit-from takes a CronWorkflow or a WorkflowTemplate, not a {kind}")
        origin = _ORIGINS[kind.lower()]
    return WorkflowCommand({}, namespace, draft.service_account, operation, name, origin, *rest)
