"""Webhooks of Gogs, and of Gitea, which sends the same: an HMAC in hexadecimal without a prefix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.webhooks.delivery import Delivery, Push, changed_files, check_signature, items, last_part, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("push",)


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return delivery.header("X-Gogs-Event")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the body is signed."""
    check_signature(delivery, secrets.get("webhook.gogs.secret", ""), "X-Gogs-Signature", "")


def read(delivery: Delivery) -> Push | None:
    """What was pushed."""
    if event(delivery) not in EVENTS:
        return None
    payload = delivery.payload
    revision = last_part(text(payload, "ref"))
    known = payload.get("repository") is not None
    return Push(
        [text(payload, "repository", "html_url")] if known else [],
        revision,
        last_part(text(payload, "before")),
        last_part(text(payload, "after")),
        known and text(payload, "repository", "default_branch") == revision,
        changed_files(items(payload, "commits")),
    )
