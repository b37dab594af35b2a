"""Trigger `slack`: a message to a channel.

Follows `pkg/sensors/triggers/slack/slack.go` of Argo Events 1.9, where the trigger's own `parameters` change nothing: they
are applied to a copy that nobody sends, and only one that cannot be resolved fails. Parameters of the template
(`spec.triggers[].parameters`) are what changes a message.
"""

from __future__ import annotations

from argosy.errors import EvaluationError
from argosy.events.effects import Reference, SlackMessage
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised

__all__ = ["build"]


def build(context: FiringContext) -> SlackMessage:
    """The message of one firing. Raises EvaluationError."""
    trigger = context.template.slack
    if trigger is None:
        raise EvaluationError("the template has no slack trigger")
    parameterised(trigger, "slack", context.body["slack"], trigger.parameters, context.events)
    channel = trigger.channel.removeprefix("#")
    if not trigger.channel:
        raise EvaluationError("slack.channel is empty")
    if not (trigger.message or trigger.attachments or trigger.blocks):
        raise EvaluationError("slack: one of message, attachments and blocks is needed")
    token, thread, sender = trigger.slack_token, trigger.thread, trigger.sender
    if token is None:
        raise EvaluationError("slack.slackToken is missing")
    return SlackMessage(
        channel,
        trigger.message,
        Reference("secret", token.name, token.key, context.service_account),
        trigger.attachments,
        trigger.blocks,
        thread.message_aggregation_key if thread else "",
        bool(thread and thread.broadcast_message_to_channel),
        sender.username if sender else "",
        sender.icon if sender else "",
    )
