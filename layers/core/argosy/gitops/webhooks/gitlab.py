"""Webhooks of GitLab, system hooks among them: the secret itself stands in a header."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.errors import Denied
from argosy.gitops.webhooks.delivery import Delivery, Push, changed_files, items, last_part, same, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("Push Hook", "Tag Push Hook", "System Hook")

_PUSHES: Final = ("push", "tag_push")


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return delivery.header("X-Gitlab-Event")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the token is right; where none is set nothing is asked."""
    wanted = secrets.get("webhook.gitlab.secret", "")
    if wanted and not same(delivery.header("X-Gitlab-Token"), wanted):
        raise Denied("X-Gitlab-Token validation failed")


def read(delivery: Delivery) -> Push | None:
    """What was pushed."""
    name, payload = event(delivery), delivery.payload
    if name not in EVENTS or (name == "System Hook" and text(payload, "object_kind") not in _PUSHES):
        return None
    revision = last_part(text(payload, "ref"))
    return Push(
        [text(payload, "project", "web_url")],
        revision,
        last_part(text(payload, "before")),
        last_part(text(payload, "after")),
        text(payload, "project", "default_branch") == revision,
        changed_files(items(payload, "commits")),
    )
