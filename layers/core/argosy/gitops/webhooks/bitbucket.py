"""Webhooks of Bitbucket Cloud: the id of the hook is the secret; neither files nor the default branch are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.errors import Denied
from argosy.gitops.webhooks.delivery import Delivery, Push, items, last_part, same, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("repo:push",)


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return delivery.header("X-Event-Key")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the id of the hook is right; where none is set nothing is asked."""
    wanted = secrets.get("webhook.bitbucket.uuid", "")
    if wanted and not same(delivery.header("X-Hook-UUID"), wanted):
        raise Denied("UUID verification failed")


def read(delivery: Delivery) -> Push | None:
    """What was pushed; of several changes the first."""
    if event(delivery) not in ("", *EVENTS):
        return None
    payload = delivery.payload
    urls = [text(payload, "repository", "links", "html", "href")]
    changes = items(payload, "push", "changes")
    if not changes:
        return Push(urls, touched_head=True)
    return Push(
        urls,
        text(changes[0], "new", "name"),
        last_part(text(changes[0], "old", "target", "hash")),
        last_part(text(changes[0], "new", "target", "hash")),
        touched_head=True,
    )
