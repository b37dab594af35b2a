"""Event source `webhook`: any HTTP request of the entry's method becomes an event.

Follows `pkg/eventsources/sources/webhook/start.go` of Argo Events 1.9; path, bearer token and size are `hooks`' matter.
"""

from __future__ import annotations

from typing import Final

import orjson

from argosy.events.sources.bodies import compact_json
from argosy.events.sources.forms import form_values
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, enveloped
from argosy.resources.sources.common import WebhookSource

__all__ = ["Webhook"]

_FORM: Final = "application/x-www-form-urlencoded"


class Webhook(HookSource[WebhookSource]):
    """Its entries are webhooks themselves."""

    def answer(self, entry: WebhookSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        if delivery.method != entry.method:
            return Answer(400, problem=Problem.METHOD)
        body = _body(delivery)
        if body is None:
            known = delivery.method in ("GET", "POST")
            return Answer(400, problem=Problem.BODY if known else Problem.METHOD)
        return Answer(200, (enveloped("header", delivery.headers, body, entry.metadata),))


def _body(delivery: Delivery) -> bytes | None:
    if delivery.method == "GET":
        return orjson.dumps(form_values(delivery.query))
    if delivery.method != "POST":
        return None
    if delivery.header("Content-Type") == _FORM:
        return orjson.dumps(form_values(delivery.body.decode("utf-8", "replace")))
    return compact_json(delivery.body)
