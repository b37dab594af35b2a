"""functions/api: who is let in. Every route of the document, with every way to have no right to it."""

from __future__ import annotations

import pytest

from argosy.api.app import app
from argosy.services.agents.registry import Entry
from argosy.services.operations import OPERATIONS_PK
from support.api import ALICE, BODIES, SOURCE, TOKEN, Answer, audit, request, routes, with_token
from support.services import FakeInstallation


@pytest.fixture
def made() -> FakeInstallation:
    return FakeInstallation()


def test_the_document_has_every_route() -> None:
    known = [*app._static_routes, *app._dynamic_routes]
    assert len(routes()) == sum(1 if isinstance(route.method, str) else len(route.method) for route in known) == 22
    assert not any("{" in path for _, path in routes()), "give an example of what varies"


def refused(made: FakeInstallation, answer: Answer, said: str) -> None:
    assert answer.status == 401
    assert (answer.body["error"]["type"], said in answer.error) == ("Unauthenticated", True)
    assert audit(made) == []
    assert made.events() == []
    assert made.runtime.store.query(OPERATIONS_PK) == []
    assert made.runtime.objects.get("EventSource", "ns", "hook")


@pytest.mark.parametrize(("method", "path"), [*routes(), ("GET", "/api/v1/nowhere"), ("OPTIONS", "/api/v1/objects")])
@pytest.mark.parametrize("actor", [None, ""])
def test_what_is_not_signed_is_refused(made: FakeInstallation, method: str, path: str, actor: str | None) -> None:
    made.apply(SOURCE)
    body = BODIES.get(path) if method in ("POST", "PATCH") else None
    answer = request(made, method, path, body, actor=actor)
    refused(made, answer, "not signed")
    assert answer.headers["WWW-Authenticate"] == ["AWS4-HMAC-SHA256"]


@pytest.mark.parametrize(("method", "path"), [*routes(), ("GET", "/api/v1/nowhere"), ("OPTIONS", "/api/v1/objects")])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "no token"),
        ("", "no token"),
        ("Bearer", "no token"),
        ("Bearer  ", "no token"),
        (f"Basic {TOKEN}", "no token"),
        (TOKEN, "no token"),
        (f"Bearer {TOKEN}x", "wrong"),
        (f"Bearer {TOKEN[:-1]}", "wrong"),
        (f"Bearer {TOKEN.upper()}", "wrong"),
        ("Bearer é", "wrong"),
    ],
)
def test_what_has_no_good_token_is_refused(method: str, path: str, given: str | None, said: str) -> None:
    """Not even with an ARN that a sender has made up, or the token in a cookie."""
    made = with_token()
    made.apply(SOURCE)
    body = BODIES.get(path) if method in ("POST", "PATCH") else None
    headers = {"Authorization": given} if given is not None else {}
    answer = request(made, method, path, body, headers={**headers, "Cookie": f"token={TOKEN}"})
    refused(made, answer, said)
    assert answer.headers["WWW-Authenticate"] == ['Bearer realm="argosy"']
    assert not any(name.lower().startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize(("method", "path"), routes())
@pytest.mark.parametrize("token", [False, True])
def test_what_is_proved_is_answered(method: str, path: str, token: bool) -> None:
    made = with_token() if token else FakeInstallation()
    made.apply(SOURCE)
    made.runtime.registry.add(Entry("hook", "agent", {"context": "hook"}))
    body = BODIES.get(path) if method in ("POST", "PATCH") else None
    headers = {"authorization": f"bearer {TOKEN}"} if token else {}
    answer = request(made, method, path, body, headers=headers, actor=None if token else ALICE)
    absent = any(part in path for part in ("/operations/", "/events/"))
    assert answer.status == (404 if absent else 202 if "redrive" in path else 200)
    assert answer.kind == ["application/json"]
    assert answer.headers["Cache-Control"] == ["no-store"]
    assert not any(name.lower().startswith("access-control-") for name in answer.headers)
    assert {actor for actor, _ in audit(made)} <= {"local/somebody" if token else ALICE}


def test_nothing_is_read_before_it_is_known_who_asks(made: FakeInstallation) -> None:
    assert request(made, "POST", "/api/v1/objects", raw="no json", actor=None).status == 401


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None])
def test_a_body_says_that_it_is_json(made: FakeInstallation, kind: str | None) -> None:
    """A page in a browser can send the others to any server without being asked."""
    answer = request(made, "POST", "/api/v1/objects", BODIES["/api/v1/objects"], headers={"Content-Type": kind})
    assert (answer.status, answer.body["error"]["field"]) == (415, "Content-Type")
    assert audit(made) == []
