"""The webhook APIs of Git hosts, as far as hooks are registered there: recorded shapes, kept in memory, behind one port."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.plainserver import Asked

PAGE = 2
"""How many a page holds here at most, whatever is asked for."""


@dataclass
class GitHosts:
    """GitHub, GitLab, Bitbucket and a Bitbucket server; `hooks` by the path that lists them."""

    hooks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    token: str = "t0ken"
    refusal: tuple[int, bytes] | None = None

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        """See `plain_server`."""
        self.asked.append(asked)
        if self.refusal is not None:
            return self.refusal
        if not self._known(asked):
            return 401, b'{"message": "Bad credentials"}'
        path = urlsplit(asked.path).path
        if path.endswith("/access_tokens"):
            return 201, json.dumps({"token": self.token}).encode()
        if path.endswith("/repos"):
            return 200, json.dumps({"values": [{"slug": "one"}, {"slug": "two"}], "isLastPage": True}).encode()
        listing = path.endswith(("hooks", "webhooks"))
        where, name = (path, "") if listing else path.rsplit("/", 1)
        status, found = self._hooks(asked, where, unquote(name))
        return status, json.dumps(found).encode() if found is not None else b""

    def _known(self, asked: Asked) -> bool:
        given = asked.headers.get("Authorization", "") or asked.headers.get("PRIVATE-TOKEN", "")
        return given.endswith((self.token, "dXNlcjp0MGtlbg==")) or (".ey" in given and "access_tokens" in asked.path)

    def _hooks(self, asked: Asked, where: str, name: str) -> tuple[int, Any]:
        there = self.hooks.setdefault(where, [])
        key = "uuid" if "/repositories/" in where else "id"
        body = json.loads(asked.body) if asked.body else {}
        if asked.method == "GET":
            return 200, self._page(asked, where, there)
        if asked.method == "POST":
            number = sum(len(each) for each in self.hooks.values()) + 1
            made = {**body, key: f"{{u-{number}}}" if key == "uuid" else number}
            there.append(made)
            return 201, made
        found = next((one for one in there if str(one[key]) == name), None)
        if found is None:
            return 404, {"message": "Not Found"}
        if asked.method == "DELETE":
            there.remove(found)
            return 204, None
        found.update(body)
        return 200, found

    def _page(self, asked: Asked, where: str, there: list[dict[str, Any]]) -> Any:
        query = dict(parse_qsl(urlsplit(asked.path).query))
        shown = [
            {name: value for name, value in one.items() if name not in ("token", "configuration")} for one in there
        ]
        if where.startswith("/rest/"):
            start = int(query["start"])
            last = start + PAGE >= len(shown)
            return {"values": shown[start : start + PAGE], "isLastPage": last} | (
                {} if last else {"nextPageStart": start + PAGE}
            )
        if "/repositories/" in where:
            start = int(query.get("page", "0"))
            more = start + PAGE < len(shown)
            address = f"http://{asked.headers['Host']}{where}?page={start + PAGE}"
            return {"values": shown[start : start + PAGE]} | ({"next": address} if more else {})
        return shown if query.get("page", "1") == "1" else []
