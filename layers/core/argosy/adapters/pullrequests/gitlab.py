"""Merge requests at GitLab: their notes, statuses of their commit."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlencode

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.pullrequests import RequestPlace

__all__ = ["Gitlab"]

_PAGE: Final = 100
_STATES: Final = {"success": "success", "failure": "failed"}


class Gitlab:
    """Asked as the token."""

    def __init__(self, place: RequestPlace) -> None:
        self._place = place
        self._api = JsonApi(place.api, {"PRIVATE-TOKEN": place.token})

    def base(self, branch: str, head: str) -> str:
        """See `PullRequestHosts.base`."""
        refs = urlencode([("refs[]", branch), ("refs[]", head)])
        answer = self._api.call("GET", f"{self._place.repository}/repository/merge_base?{refs}")
        return str(answer["id"])

    def say(self, marker: str, text: str) -> None:
        """See `PullRequestHosts.say`."""
        notes = f"{self._place.repository}/merge_requests/{self._place.number}/notes"
        for page in range(1, MOST_PAGES + 1):
            found = self._api.call("GET", notes, query={"per_page": str(_PAGE), "page": str(page)}) or []
            for one in found:
                if (one.get("body") or "").startswith(marker):
                    self._api.call("PUT", f"{notes}/{one['id']}", {"body": text})
                    return
            if len(found) < _PAGE:
                break
        self._api.call("POST", notes, {"body": text})

    def judge(self, head: str, state: Literal["success", "failure"], context: str, description: str) -> None:
        """See `PullRequestHosts.judge`."""
        body = {"state": _STATES[state], "name": context, "description": description}
        self._api.call("POST", f"{self._place.repository}/statuses/{head}", body)
