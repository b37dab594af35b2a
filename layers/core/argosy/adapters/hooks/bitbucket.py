"""Webhooks at Bitbucket Cloud, of repositories (`repositories/OWNER/SLUG`).

Follows `pkg/eventsources/sources/bitbucket/start.go` of Argo Events 1.9.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["Bitbucket"]

_PUBLIC: Final = "https://api.bitbucket.org/2.0"
_NAME: Final = "webhook managed by Argosy"


class Bitbucket:
    """Asked with the token, or by user and password."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        self._place = place
        secrets = place.secrets
        if "token" in secrets:
            asked = f"Bearer {secrets['token']}"
        else:
            pair = f"{secrets['username']}:{secrets['password']}"
            asked = "Basic " + base64.b64encode(pair.encode()).decode()
        self._api = JsonApi(place.base or public or _PUBLIC, {"Authorization": asked})

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        found: list[ListedHook] = []
        path = f"{target}/hooks"
        for _ in range(MOST_PAGES):
            page = self._api.call("GET", path) or {}
            found += [ListedHook(one["uuid"], one.get("url", ""), one["events"]) for one in page.get("values", ())]
            path = str(page.get("next") or "")
            if not path:
                break
        return found

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return str(self._api.call("POST", f"{target}/hooks", _body(url, events))["uuid"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("PUT", f"{target}/hooks/{quote(hook, safe='')}", _body(url, events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", f"{target}/hooks/{quote(hook, safe='')}")


def _body(url: str, events: Sequence[str]) -> dict[str, Any]:
    return {"description": _NAME, "url": url, "active": True, "events": list(events)}
