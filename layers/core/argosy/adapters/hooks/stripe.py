"""Webhook endpoints at Stripe, of the account that the API key belongs to.

Follows `pkg/eventsources/sources/stripe/start.go` of Argo Events 1.9, which makes another one at each start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["Stripe"]

_PUBLIC: Final = "https://api.stripe.com/v1"
_PAGE: Final = "100"


class Stripe:
    """Asked with the API key."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        self._place = place
        self._api = JsonApi(public or _PUBLIC, {"Authorization": f"Bearer {place.secrets['token']}"})

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        found: list[ListedHook] = []
        query = {"limit": _PAGE}
        for _ in range(MOST_PAGES):
            page = self._api.call("GET", target, query=query) or {}
            found += [ListedHook(str(one["id"]), one["url"], one["enabled_events"]) for one in page.get("data", ())]
            if not page.get("has_more") or not found:
                break
            query = {"limit": _PAGE, "starting_after": found[-1].id}
        return found

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return str(self._api.call("POST", target, form=_form(url, events))["id"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("POST", f"{target}/{hook}", form=_form(url, events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", f"{target}/{hook}")


def _form(url: str, events: Sequence[str]) -> list[tuple[str, str]]:
    return [("url", url), *(("enabled_events[]", one) for one in events)]
