"""Event source `stripe`: an event of Stripe becomes the payload's `event`.

Follows `pkg/eventsources/sources/stripe/start.go` of Argo Events 1.9, which checks nothing but `webhook.authSecret`.
Different on purpose: an event that `eventFilter` leaves out is answered 200, because Stripe repeats and then disables
what answers 400; the event is published as Stripe wrote it; bodies of more than 64 KiB are taken; the endpoint is not
created at Stripe (`createWebhook`), which is left to the account's owner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.events.jsontext import read_json
from argosy.events.sources.bodies import compact_json, with_metadata
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem
from argosy.resources.sources.http import StripeSource

__all__ = ["Stripe", "payload", "wants"]


class Stripe(HookSource[StripeSource]):
    """Stripe."""

    def answer(self, entry: StripeSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        text = compact_json(delivery.body)
        try:
            event = read_json(text.decode()) if text is not None else None
        except EvaluationError:
            event = None
        if text is None or not isinstance(event, dict):
            return Answer(400, problem=Problem.BODY)
        return Answer(200, (payload(entry, text),) if wants(entry, event) else ())


def wants(entry: StripeSource, event: Mapping[str, Any]) -> bool:
    """Whether the event's type is among those that the entry names, if it names any."""
    return not entry.event_filter or event.get("type") in entry.event_filter


def payload(entry: StripeSource, event: bytes) -> str:
    """The payload of an event, which is JSON."""
    return with_metadata(b'{"event":' + event, entry.metadata)
