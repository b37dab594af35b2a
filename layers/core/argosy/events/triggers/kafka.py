"""Trigger `kafka`: a message for a topic.

Follows `pkg/sensors/triggers/kafka/kafka.go` of Argo Events 1.9: its client belongs to the trigger and is made before any
firing, so the trigger's own `parameters` change what is sent (topic, partitioningKey, headers, payload) and never how the
brokers are reached. As there, `partition` has no effect; nor have `version` and `flushFrequency`, which speak of Argo's
client.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import SendMessage
from argosy.events.parameters import build_payload
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised

__all__ = ["build"]

_OF_MESSAGES = ("topic", "partitioning_key", "headers")
_APART = {"payload", "parameters", "secure_headers"}


def build(context: FiringContext) -> SendMessage:
    """The message of one firing. Raises EvaluationError."""
    trigger = context.template.kafka
    if trigger is None:
        raise EvaluationError("the template has no kafka trigger")
    sent = parameterised(trigger, "kafka", context.body["kafka"], trigger.parameters, context.events)
    if not sent.topic:
        raise EvaluationError("kafka.topic is empty")
    changed = trigger.model_copy(update={name: getattr(sent, name) for name in _OF_MESSAGES})
    told = changed.model_dump(by_alias=True, exclude_defaults=True, exclude=_APART)
    body = build_payload(sent.payload or [], context.events)
    return SendMessage("kafka", told, context.service_account, body, context.secure(sent.secure_headers))
