"""Event source `bitbucket`: a delivery of a Bitbucket Cloud webhook becomes an event with its headers.

Follows `pkg/eventsources/sources/bitbucket/start.go` of Argo Events 1.9, which checks nothing but `webhook.authSecret`.
"""

from __future__ import annotations

from argosy.events.sources.hooks import Answer, Delivery, HookSource, json_event
from argosy.resources.sources.http import BitbucketSource

__all__ = ["Bitbucket"]


class Bitbucket(HookSource[BitbucketSource]):
    """Bitbucket Cloud."""

    def answer(self, entry: BitbucketSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        return json_event(delivery, entry.metadata)
