"""Webhooks of Azure DevOps: basic authentication; which files have changed is not told."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from argosy.errors import Denied
from argosy.gitops.webhooks.delivery import Delivery, Push, items, last_part, same, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("git.push",)


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return text(delivery.payload, "eventType")


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the user and the password are right; where neither is set nothing is asked."""
    user, password = secrets.get("webhook.azuredevops.username", ""), secrets.get("webhook.azuredevops.password", "")
    if not user and not password:
        return
    scheme, _, encoded = delivery.header("Authorization").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        given = ""
    if scheme.lower() != "basic" or not same(given, f"{user}:{password}"):
        raise Denied("basic auth verification failed")


def read(delivery: Delivery) -> Push | None:
    """What was pushed; of several references the first."""
    if event(delivery) not in EVENTS:
        return None
    resource = delivery.payload.get("resource")
    urls = [text(resource, "repository", "remoteUrl")]
    updates = items(resource, "refUpdates")
    if not updates:
        return Push(urls)
    name = text(updates[0], "name")
    return Push(
        urls,
        last_part(name),
        last_part(text(updates[0], "oldObjectId")),
        last_part(text(updates[0], "newObjectId")),
        name == text(resource, "repository", "defaultBranch"),
    )
