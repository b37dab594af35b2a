"""Webhooks of GitHub's container registry: packages, signed as all of GitHub's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.gitops.webhooks import github
from argosy.gitops.webhooks.delivery import Artifact, Delivery, text

__all__ = ["EVENTS", "check", "event", "read"]

EVENTS: Final = ("package",)


def event(delivery: Delivery) -> str:
    """The name of the event."""
    return github.event(delivery)


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the body is signed."""
    github.check(delivery, secrets)


def read(delivery: Delivery) -> Artifact | None:
    """The image that was published."""
    payload = delivery.payload
    package = payload.get("package")
    if text(payload, "action") != "published" or text(package, "package_type").lower() != "container":
        return None
    tag = text(package, "package_version", "container_metadata", "tag", "name")
    if not tag:
        return None
    return Artifact("ghcr.io", f"{text(package, 'owner', 'login')}/{text(package, 'name')}", tag)
