"""Webhooks at GitLab, of projects (`projects/ID or path`) and groups (`groups/…`).

Follows `pkg/eventsources/sources/gitlab/start.go` of Argo Events 1.9, whose events are the names of go-gitlab's fields
(`PushEvents`); GitLab has a flag for each (`push_events`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.hookhosts import HookPlace, ListedHook

__all__ = ["Gitlab"]

_PAGE: Final = 100
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")
_FLAGS: Final = (
    "push_events tag_push_events issues_events confidential_issues_events note_events confidential_note_events "
    "merge_requests_events job_events pipeline_events wiki_page_events deployment_events releases_events subgroup_events "
    "member_events emoji_events resource_access_token_events"
).split()


class Gitlab:
    """Asked with the token."""

    def __init__(self, place: HookPlace, public: str = "") -> None:
        del public  # the manifest always names the address
        self._place = place
        self._api = JsonApi(f"{place.base.rstrip('/')}/api/v4", {"PRIVATE-TOKEN": place.secrets["token"]})

    def targets(self) -> Sequence[str]:
        """See `HookHosts.targets`."""
        return [self._place.target]

    def listed(self, target: str) -> Sequence[ListedHook]:
        """See `HookHosts.listed`."""
        found: list[ListedHook] = []
        for page in range(1, MOST_PAGES + 1):
            query = {"per_page": str(_PAGE), "page": str(page)}
            hooks = self._api.call("GET", _path(target), query=query) or []
            for one in hooks:
                events = [_event(flag) for flag in _FLAGS if one.get(flag)]
                found.append(ListedHook(str(one["id"]), str(one["url"]), events))
            if len(hooks) < _PAGE:
                break
        return found

    def create(self, target: str, url: str, events: Sequence[str]) -> str:
        """See `HookHosts.create`."""
        return str(self._api.call("POST", _path(target), self._body(url, events))["id"])

    def edit(self, target: str, hook: str, url: str, events: Sequence[str]) -> None:
        """See `HookHosts.edit`."""
        self._api.call("PUT", f"{_path(target)}/{hook}", self._body(url, events))

    def delete(self, target: str, hook: str) -> None:
        """See `Host.delete`."""
        self._api.call("DELETE", f"{_path(target)}/{hook}")

    def _body(self, url: str, events: Sequence[str]) -> dict[str, Any]:
        wanted = {_flag(event) for event in events}
        body: dict[str, Any] = dict.fromkeys(_FLAGS, False) | dict.fromkeys(sorted(wanted), True)
        body |= {
            "url": url,
            "enable_ssl_verification": bool(self._place.options.get("enable_ssl_verification")),
        }
        return body | ({"token": self._place.secrets["secret"]} if "secret" in self._place.secrets else {})


def _path(target: str) -> str:
    kind, _, name = target.partition("/")
    return f"{kind}/{quote(name, safe='')}/hooks"


def _flag(event: str) -> str:
    return _CAPITAL.sub("_", event.replace("SubGroup", "Subgroup")).lower()


def _event(flag: str) -> str:
    return "".join(word.capitalize() for word in flag.split("_")).replace("Subgroup", "SubGroup")
