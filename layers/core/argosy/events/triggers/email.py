"""Trigger `email`: a mail to each of some addresses.

Follows `pkg/sensors/triggers/email/email.go` of Argo Events 1.9: a pattern says what an address is, those that are none and
those that cannot be sent to fail the firing once all others were tried. As with `slack`, the trigger's own `parameters`
change nothing there.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from argosy.errors import EvaluationError, Unavailable
from argosy.events.effects import Reference, SendEmail
from argosy.events.triggers.context import FiringContext
from argosy.events.triggers.parameterised import parameterised
from argosy.lang import regex

__all__ = ["build", "check_sent"]

_ADDRESS: Final = r"^[\w-\.]+@([\w-]+\.)+[\w-]{2,4}$"


def build(context: FiringContext) -> SendEmail:
    """The mails of one firing. Raises EvaluationError."""
    trigger = context.template.email
    if trigger is None:
        raise EvaluationError("the template has no email trigger")
    parameterised(trigger, "email", context.body["email"], trigger.parameters, context.events)
    for name, value in (("to", trigger.to), ("body", trigger.body), ("subject", trigger.subject)):
        if not value:
            raise EvaluationError(f"email.{name} is empty")
    password = trigger.smtp_password
    valid = tuple(address for address in trigger.to if _is_address(address))
    return SendEmail(
        valid,
        trigger.subject,
        trigger.body,
        trigger.host,
        trigger.port,
        trigger.sender,
        trigger.username,
        Reference("secret", password.name, password.key, context.service_account) if password else None,
        tuple(address for address in trigger.to if address not in valid),
    )


def check_sent(effect: SendEmail, failed: Collection[str]) -> None:
    """What comes of it once all were tried; `failed` are addresses that could not be sent to.

    Raises Unavailable for those, EvaluationError when all that is wrong is an address.
    """
    if failed:
        raise Unavailable(f"mail to {', '.join(sorted(failed))} could not be sent")
    if effect.invalid:
        raise EvaluationError(f"email.to: {', '.join(repr(one) for one in effect.invalid)} is no address")


def _is_address(text: str) -> bool:
    return regex.compile(_ADDRESS).search(text) and "\n" not in text
