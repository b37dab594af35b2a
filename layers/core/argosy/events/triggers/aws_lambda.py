"""Trigger `awsLambda`: the invocation that a firing makes.

Follows `pkg/sensors/triggers/aws-lambda/aws-lambda.go` of Argo Events 1.9. On purpose different: the installation's own
role invokes, not the manifest's keys; and a function that ends with an error has failed (Argo looks at the status alone,
which is 200 then too).
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import InvokeFunction
from argosy.events.parameters import build_payload
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised

__all__ = ["build"]


def build(context: FiringContext) -> InvokeFunction:
    """The invocation of one firing. Raises EvaluationError."""
    found = context.template.aws_lambda
    if found is None:
        raise EvaluationError("the template has no awsLambda trigger")
    trigger = parameterised(found, "awsLambda", context.body["awsLambda"], found.parameters, context.events)
    status = context.policy.status if context.policy else None
    return InvokeFunction(
        trigger.function_name,
        trigger.region,
        build_payload(trigger.payload or [], context.events) or "{}",
        trigger.invocation_type or "RequestResponse",
        tuple(status.allow) if status and status.allow is not None else None,
    )
