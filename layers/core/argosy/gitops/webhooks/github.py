"""Webhooks of GitHub: an HMAC of SHA-256 over the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.webhooks.delivery import Delivery, Push, changed_files, check_signature, items, last_part, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("push", "ping")


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return delivery.header("X-GitHub-Event")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the body is signed."""
    check_signature(delivery, secrets.get("webhook.github.secret", ""), "X-Hub-Signature-256", "sha256=")


def read(delivery: Delivery) -> Push | None:
    """What was pushed."""
    if event(delivery) != "push":
        return None
    payload = delivery.payload
    revision = last_part(text(payload, "ref"))
    return Push(
        [text(payload, "repository", "html_url")],
        revision,
        last_part(text(payload, "before")),
        last_part(text(payload, "after")),
        text(payload, "repository", "default_branch") == revision,
        changed_files(items(payload, "commits")),
    )
