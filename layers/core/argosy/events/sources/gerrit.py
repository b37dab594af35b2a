"""Event source `gerrit`: a delivery of Gerrit's webhooks plugin becomes an event with its headers.

Follows `pkg/eventsources/sources/gerrit/start.go` of Argo Events 1.9, which checks nothing but `webhook.authSecret`.
Different on purpose: the webhook is not put into the projects' configuration, which is left to their owners.
"""

from __future__ import annotations

from argosy.events.sources.hooks import Answer, Delivery, HookSource, json_event
from argosy.resources.sources.http import GerritSource

__all__ = ["Gerrit"]


class Gerrit(HookSource[GerritSource]):
    """Gerrit."""

    def answer(self, entry: GerritSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        return json_event(delivery, entry.metadata)
