"""The API's door on one machine: this machine alone, and nobody's body is kept who has no good token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from argosy.local.apidoor import ApiDoor, Branch
from argosy.local.httpserver import Reply, Request
from argosy.services import runtime
from argosy.services.access import TokenAuthoriser
from support.services import FakeInstallation

TOKEN = "t" * 43
GOOD = [("authorization", f"Bearer {TOKEN}")]
HEALTH = "/api/v1/health"


def answered(request: Request) -> tuple[int, dict[str, str], str, list[str]]:
    """Limit, answer and how often something was said to have changed."""
    changed: list[str] = []

    async def ask() -> tuple[int, Mapping[str, str], bytes]:
        door = ApiDoor(TokenAuthoriser(TOKEN, "local/me"), lambda: changed.append("yes"))
        answer: asyncio.Future[tuple[int, Mapping[str, str], bytes]] = asyncio.get_running_loop().create_future()
        limits.append(door.limit(request))
        door.serve(request, lambda status, headers, body: answer.set_result((status, headers, body)))
        try:
            return await answer
        finally:
            door.close()

    limits: list[int] = []
    runtime.use(FakeInstallation(authoriser=TokenAuthoriser(TOKEN, "local/me")).runtime)
    status, headers, body = asyncio.run(ask())
    return status, {**headers, "limit": str(limits[0])}, body.decode(), changed


@pytest.mark.parametrize("client", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_answered(client: str) -> None:
    status, headers, body, _ = answered(Request("GET", HEALTH, headers=GOOD, client=client))
    assert (status, json.loads(body)["status"], headers["limit"]) == (200, "ok", str(6 * 1024 * 1024))


@pytest.mark.parametrize(
    "client", ["192.0.2.7", "10.0.0.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:192.0.2.7", "", "x"]
)
def test_no_other_is(client: str) -> None:
    status, headers, body, _ = answered(Request("GET", HEALTH, headers=GOOD, client=client))
    assert (status, headers["limit"]) == (403, "-1")
    assert "on this machine only" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize("headers", [[], [("authorization", "Bearer x")]])
def test_without_the_token_nothing_is_kept(headers: list[tuple[str, str]]) -> None:
    status, told, _, _ = answered(Request("POST", "/api/v1/objects", headers=headers, client="127.0.0.1"))
    assert (status, told["limit"]) == (401, "-1")


@pytest.mark.parametrize(("method", "path", "count"), [("GET", HEALTH, 0), ("POST", "/api/v1/queues/bus/redrive", 1)])
def test_who_sleeps_is_woken_after_a_change(method: str, path: str, count: int) -> None:
    assert len(answered(Request(method, path, headers=GOOD, client="127.0.0.1"))[3]) == count


@pytest.mark.parametrize(
    ("path", "api"),
    [("/api", True), ("/api/v1/x", True), ("/apis", False), ("/hooks/api/x", False), ("/", False), ("/API/v1", False)],
)
def test_what_is_the_apis(path: str, api: bool) -> None:
    class Named:
        def __init__(self, limit: int) -> None:
            self._limit = limit

        def limit(self, request: Request) -> int:
            return self._limit

        def serve(self, request: Request, reply: Reply) -> None:
            """Nothing."""

    found = Branch(Named(1), Named(3), Named(2)).limit(Request("GET", path))
    assert found == (3 if path == "/api/webhook" else 1 if api else 2)
