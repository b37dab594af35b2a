"""Trigger `nats`: a message on a subject.

Follows `pkg/sensors/triggers/nats/nats.go` of Argo Events 1.9, which publishes on the subject as the template has it: the
trigger's own `parameters` change the payload's entries alone, and parameters of the template the subject, too.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import SendMessage
from argosy.events.parameters import build_payload
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised

__all__ = ["build"]


def build(context: FiringContext) -> SendMessage:
    """The message of one firing. Raises EvaluationError."""
    trigger = context.template.nats
    if trigger is None:
        raise EvaluationError("the template has no nats trigger")
    sent = parameterised(trigger, "nats", context.body["nats"], trigger.parameters, context.events)
    if not trigger.subject:
        raise EvaluationError("nats.subject is empty")
    told = trigger.model_dump(by_alias=True, exclude_defaults=True, exclude={"payload", "parameters"})
    return SendMessage("nats", told, context.service_account, build_payload(sent.payload or [], context.events))
