"""Event source `bitbucketserver`: a delivery of a Bitbucket server's webhook becomes an event with its headers.

Follows `pkg/eventsources/sources/bitbucketserver/start.go` of Argo Events 1.9. With `oneEventPerChange` a push that changes
several refs (`repo:refs_changed`) becomes one event for each. `skipBranchRefsChangedOnOpenPR` is refused when the event
source is applied: it would make every answer wait for the server.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from argosy.errors import EvaluationError
from argosy.events.jsontext import read_json, write_json
from argosy.events.sources.bodies import compact_json
from argosy.events.sources.hooks import Answer, Delivery, HookSource, Problem, enveloped, json_event, same_text
from argosy.resources.base import KeyRef
from argosy.resources.sources.http import BitbucketServerSource

__all__ = ["BitbucketServer", "is_signed"]

SECRET: Final = "webhookSecret"  # noqa: S105 - the name of a field
_PREFIX: Final = len("sha256=")


class BitbucketServer(HookSource[BitbucketServerSource]):
    """Signed by `webhookSecret`, if the entry has one."""

    def secrets(self, entry: BitbucketServerSource) -> Mapping[str, KeyRef]:
        """See `HookSource.secrets`."""
        return {SECRET: entry.webhook_secret} if entry.webhook_secret is not None else {}

    def answer(self, entry: BitbucketServerSource, delivery: Delivery) -> Answer:
        """See `HookSource.answer`."""
        if not is_signed(delivery, delivery.secrets.get(SECRET, "")):
            return Answer(400, problem=Problem.SIGNATURE)
        bodies = _each_change(delivery.body) if entry.one_event_per_change else []
        if not bodies:
            return json_event(delivery, entry.metadata)
        return Answer(200, [enveloped("headers", delivery.headers, body, entry.metadata) for body in bodies])


def is_signed(delivery: Delivery, secret: str) -> bool:
    """Whether the body is signed with the secret; an empty one asks for nothing. What names the digest is not looked at."""
    if not secret:
        return True
    given = delivery.header("X-Hub-Signature")
    wanted = hmac.digest(secret.encode(), delivery.body, "sha256").hex()
    return len(given) > _PREFIX and same_text(given[_PREFIX:], wanted)


def _each_change(body: bytes) -> list[bytes]:
    """One body for each change of a push that has several; empty for everything else."""
    text = compact_json(body)
    try:
        value = read_json(text.decode()) if text is not None else None
        if not isinstance(value, dict) or value.get("eventKey") != "repo:refs_changed":
            return []
        changes = value.get("changes")
        if not isinstance(changes, list) or len(changes) < 2:
            return []
        return [write_json({**value, "changes": [change]}).encode() for change in changes]
    except EvaluationError:
        return []
