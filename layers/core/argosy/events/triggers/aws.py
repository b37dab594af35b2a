"""Trigger `aws` (Argosy's own): a message to an SNS topic or SQS queue, an EventBridge event, a Step Functions execution.

`aws: {sns: {topicArn}}`, `{sqs: {queueArn, groupId}}`, `{eventBridge: {busName, source, detailType}}` or
`{stepFunctions: {stateMachineArn}}`, each with `payload` and `parameters` as Argo's other triggers have them.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import SendToAws
from argosy.events.parameters import build_payload
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised

__all__ = ["build"]

_MEMBERS = {"sns": "sns", "sqs": "sqs", "eventBridge": "event_bridge", "stepFunctions": "step_functions"}


def build(context: FiringContext) -> SendToAws:
    """What one firing sends. Raises EvaluationError."""
    template = context.template.aws
    service = next((key for key, name in _MEMBERS.items() if getattr(template, name, None) is not None), None)
    if service is None:
        raise EvaluationError("the template's aws trigger names no target")
    found = getattr(template, _MEMBERS[service])
    target = parameterised(found, f"aws.{service}", context.body["aws"][service], found.parameters, context.events)
    where = target.topic_arn or target.queue_arn or target.state_machine_arn or target.bus_name or "default"
    body = build_payload(target.payload or [], context.events) or "{}"
    return SendToAws(service, where, body, target.group_id, target.source, target.detail_type)
