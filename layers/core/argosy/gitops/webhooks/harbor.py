"""Webhooks of Harbor: what is sent as authorization is the secret, and by it a delivery is known to be Harbor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from argosy.errors import Denied, EvaluationError
from argosy.gitops.webhooks.delivery import Artifact, Delivery, items, same, text
from argosy.lang import urls

__all__ = ["EVENTS", "SETTING", "check", "event", "read"]

EVENTS: Final = ("",)
SETTING: Final = "webhook.harbor.secret"


def event(delivery: Delivery) -> str:
    """Harbor names its events in the body; all are taken."""
    del delivery
    return ""


def check(delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Raise Denied unless the authorization is the secret; without a secret nothing of Harbor's is taken."""
    wanted = secrets.get(SETTING, "")
    if not wanted or not same(delivery.header("Authorization"), wanted):
        raise Denied("the authorization is not the secret of Harbor's webhook")


def read(delivery: Delivery) -> Artifact | None:
    """The artifact that was pushed: the first with a tag and an address. Raises EvaluationError when it has no name."""
    payload = delivery.payload
    if text(payload, "type") != "PUSH_ARTIFACT":
        return None
    for one in items(payload, "event_data", "resources"):
        tag, registry = text(one, "tag"), _host(text(one, "resource_url"))
        if tag and registry:
            return Artifact(registry, _repository(delivery), tag)
    return None


def _repository(delivery: Delivery) -> str:
    repository = (delivery.payload.get("event_data") or {}).get("repository")
    whole = text(repository, "repo_full_name")
    if whole:
        return whole
    namespace, name = text(repository, "namespace"), text(repository, "name")
    if not namespace or not name:
        raise EvaluationError("the payload names no repository")
    return f"{namespace}/{name}"


def _host(address: str) -> str:
    """The host of an address, "" for one that has none."""
    if not address:
        return ""
    try:
        return urls.parse(address if "://" in address else f"https://{address}").host
    except EvaluationError:
        return ""
