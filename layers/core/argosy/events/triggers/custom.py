"""Trigger `custom`: calls of a gRPC server of the user's, the service `triggers.Trigger`.

Follows `pkg/sensors/triggers/custom-trigger/custom-trigger.go` of Argo Events 1.9: FetchResource with `spec` as YAML, the
trigger's `parameters` written into the resource that comes back, Execute with it and the payload, ApplyPolicy with what
that gives. Nothing of it is known before the server is called, so the values go along.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import SendMessage
from argosy.events.parameters import build_payload, resolved
from argosy.events.triggers.context import FiringContext

__all__ = ["build"]


def build(context: FiringContext) -> SendMessage:
    """The calls of one firing. Raises EvaluationError."""
    trigger = context.template.custom
    if trigger is None:
        raise EvaluationError("the template has no custom trigger")
    told = trigger.model_dump(by_alias=True, exclude_defaults=True, exclude={"payload", "parameters"})
    body = build_payload(trigger.payload or [], context.events)
    values = tuple(resolved(trigger.parameters, context.events))
    return SendMessage("custom", told, context.service_account, body, values=values)
