"""Pull requests at GitHub: comments of the issue that each is, statuses of its commit."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import quote

from argosy.adapters.hooks.jsonapi import MOST_PAGES, JsonApi
from argosy.ports.pullrequests import RequestPlace

__all__ = ["Github"]

_VERSION: Final = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_PAGE: Final = 100


class Github:
    """Asked as the token."""

    def __init__(self, place: RequestPlace) -> None:
        self._place = place
        self._api = JsonApi(place.api, {**_VERSION, "Authorization": f"Bearer {place.token}"})

    def base(self, branch: str, head: str) -> str:
        """See `PullRequestHosts.base`."""
        # Of a page of one commit the files are left out from the second page on; the merge base is on each.
        path = f"{self._place.repository}/compare/{quote(branch, safe='')}...{head}"
        answer = self._api.call("GET", path, query={"per_page": "1", "page": "2"})
        return str(answer["merge_base_commit"]["sha"])

    def say(self, marker: str, text: str) -> None:
        """See `PullRequestHosts.say`."""
        comments = f"{self._place.repository}/issues/{self._place.number}/comments"
        for page in range(1, MOST_PAGES + 1):
            found = self._api.call("GET", comments, query={"per_page": str(_PAGE), "page": str(page)}) or []
            for one in found:
                if (one.get("body") or "").startswith(marker):
                    self._api.call("PATCH", f"{self._place.repository}/issues/comments/{one['id']}", {"body": text})
                    return
            if len(found) < _PAGE:
                break
        self._api.call("POST", comments, {"body": text})

    def judge(self, head: str, state: Literal["success", "failure"], context: str, description: str) -> None:
        """See `PullRequestHosts.judge`."""
        body = {"state": state, "context": context, "description": description}
        self._api.call("POST", f"{self._place.repository}/statuses/{head}", body)
