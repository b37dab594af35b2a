"""Webhooks of Bitbucket Server: an HMAC over the body; neither files nor commits nor the default branch are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.gitops.webhooks.delivery import Delivery, Push, check_signature, items, last_part, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("repo:refs_changed", "diagnostics:ping")


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return delivery.header("X-Event-Key")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the body is signed; a ping is not."""
    if event(delivery) != "diagnostics:ping":
        check_signature(delivery, secrets.get("webhook.bitbucketserver.secret", ""), "X-Hub-Signature", "sha256=")


def read(delivery: Delivery) -> Push | None:
    """What was pushed; of several references the first. Links that are malformed are left out."""
    if event(delivery) != "repo:refs_changed":
        return None
    changes = items(delivery.payload, "changes")
    return Push(_urls(delivery.payload), last_part(text(changes[0], "ref", "id")) if changes else "", touched_head=True)


def _urls(payload: Mapping[str, Any]) -> list[str]:
    at: Any = payload
    for part in ("repository", "links", "clone"):
        at = at.get(part) if isinstance(at, Mapping) else None
    links = at if isinstance(at, list) else []
    return [
        one["href"]
        for one in links
        if isinstance(one, Mapping) and one.get("name") in ("http", "ssh") and isinstance(one.get("href"), str)
    ]
