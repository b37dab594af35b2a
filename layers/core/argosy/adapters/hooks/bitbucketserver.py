"""Webhooks at a Bitbucket server, of repositories (`projects/KEY/repos/SLUG`) and all those of a project (`projects/KEY`).

Follows `pkg/eventsources/sources/bitbucketserver/start.go` of Argo Events 1.9; `bitbucketserverBaseURL` ends with `/rest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["BitbucketServer"]

_NAME: Final = "Argosy"
_PAGE: Final = "100"


class BitbucketServer:
    """Asked with the token."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        del public  # the manifest always names the address
        self._place = place
        self._api = JsonApi(
            f"{place.base.rstrip('/')}/api/1.0",
            {"Authorization": f"Bearer {place.secrets['token']}"},
            ca=place.secrets.get("ca", ""),
            insecure=bool(place.options.get("insecure")),
        )

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        target = self._place.target
        if "/repos/" in target:
            return [target]
        return [f"{target}/repos/{one['slug']}" for one in self._pages(f"{target}/repos")]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        return [
            ListedHook(str(one["id"]), one.get("url", ""), one["events"]) for one in self._pages(f"{target}/webhooks")
        ]

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return str(self._api.call("POST", f"{target}/webhooks", self._body(url, events))["id"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("PUT", f"{target}/webhooks/{hook}", self._body(url, events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", f"{target}/webhooks/{hook}")

    def _pages(self, path: str) -> Iterator[Any]:
        start = "0"
        for _ in range(MOST_PAGES):
            page = self._api.call("GET", path, query={"limit": _PAGE, "start": start}) or {}
            yield from page.get("values", ())
            if page.get("isLastPage", True):
                return
            start = str(page["nextPageStart"])

    def _body(self, url: str, events: Sequence[str]) -> dict[str, Any]:
        secrets = self._place.secrets
        configuration = {"secret": secrets["secret"]} if "secret" in secrets else {}
        return {"name": _NAME, "url": url, "active": True, "events": list(events), "configuration": configuration}
