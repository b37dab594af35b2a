"""The APIs of GitHub and GitLab as far as pull requests are told there what they change: recorded shapes, in memory."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.plainserver import Asked

__all__ = ["RequestHost"]


@dataclass
class RequestHost:
    """One repository. `base`: the merge base that it tells; `page`: how many comments a page holds, as the host has it."""

    base: str = ""
    token: str = "t0ken"
    comments: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    refusal: tuple[int, bytes] | None = None

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """Answer a request below the API's address."""
        self.asked.append(asked)
        given = asked.headers.get("Authorization", "") or asked.headers.get("PRIVATE-TOKEN", "")
        if self.refusal is not None:
            return self.refusal
        if given.removeprefix("Bearer ") != self.token:
            return 401, b'{"message": "Bad credentials"}'
        status, found = self._found(asked, urlsplit(asked.path).path)
        return status, json.dumps(found).encode()

    def _found(self, asked: Asked, path: str) -> tuple[int, Any]:
        body = json.loads(asked.body) if asked.body else {}
        if re.search(r"/compare/[^/]+\.\.\.[0-9a-f]{40}$", path):
            return 200, {"merge_base_commit": {"sha": self.base}, "status": "ahead", "files": []}
        if path.endswith("/repository/merge_base"):
            return 200, {"id": self.base, "short_id": self.base[:8]}
        if found := re.search(r"/statuses/([0-9a-f]{40})$", path):
            self.statuses.append((found[1], body))
            return 201, body
        if re.search(r"/(issues|merge_requests)/\d+/(comments|notes)$", path):
            return self._list(asked) if asked.method == "GET" else self._made(body)
        if found := re.search(r"/(?:issues/comments|merge_requests/\d+/notes)/(\d+)$", path):
            self.comments[int(found[1]) - 1].update(body)
            return 200, self.comments[int(found[1]) - 1]
        return 404, {"message": "Not Found"}

    def _list(self, asked: Asked) -> tuple[int, Any]:
        query = parse_qs(urlsplit(asked.path).query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return 200, self.comments[(page - 1) * size : page * size]

    def _made(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.comments.append({"id": len(self.comments) + 1, **body})
        return 201, self.comments[-1]
