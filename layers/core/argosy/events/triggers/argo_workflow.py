"""Trigger `argoWorkflow`: submits a Workflow.

Follows `pkg/sensors/triggers/argo-workflow` of Argo Events 1.9, operation `submit`. The original calls the argo CLI;
here the Workflow object is created directly, which is what `argo submit` does in the end.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import CreateObject
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.k8s import labelled, source_object

__all__ = ["build"]


def build(context: FiringContext) -> CreateObject:
    """The Workflow that one firing submits. Raises EvaluationError."""
    trigger = context.template.argo_workflow
    if trigger is None:
        raise EvaluationError("the template has no argoWorkflow trigger")
    if trigger.operation not in ("", "submit"):
        raise EvaluationError(f"operation {trigger.operation!r} is not served by this version")
    body = source_object(trigger.source, trigger.parameters, context)
    if body.get("kind") != "Workflow":
        raise EvaluationError(f"submit takes a Workflow, not a {body.get('kind')}")
    metadata = labelled(body, context)
    namespace = str(metadata.get("namespace") or context.namespace)
    return CreateObject(body, namespace, context.service_account, kind="argoWorkflow")
