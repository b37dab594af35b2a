"""What all event sources that come by HTTP do alike: path, bearer token, size, secrets, masks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.events.sources.hooks import AUTH, MASK, Answer, Problem, endpoint_path, hook_of
from argosy.resources.eventsource import HTTP_TYPES, SnsSource
from argosy.resources.sources.common import WebhookSource
from support.hooks import ENTRIES, HOOK, REF, SECRET, SIGNED, answer

BODY = json.dumps({"token": SECRET, "type": "event_callback", "event": {"type": "x"}})
SECURED: dict[str, Any] = {"webhook": {**HOOK, "authSecret": REF}}
NESTED = sorted(set(HTTP_TYPES) - {"webhook"})
PLAIN = ("bitbucket", "bitbucketserver", "gerrit", "github", "gitlab")


def test_every_type_has_an_entry_here() -> None:
    assert set(ENTRIES) == set(HTTP_TYPES)


@pytest.mark.parametrize("kind", HTTP_TYPES)
def test_the_path_and_health(kind: str) -> None:
    assert answer(kind, BODY, path="/other").problem is Problem.PATH
    assert answer(kind, BODY, path="/health") == Answer(200)


@pytest.mark.parametrize("kind", NESTED)
def test_the_bearer_token_goes_before_everything(kind: str) -> None:
    headers = SIGNED[kind](BODY)
    assert answer(kind, BODY, headers, **SECURED).problem is Problem.UNAUTHORISED
    assert answer(kind, "no", {"Authorization": "Bearer no"}, **SECURED).problem is Problem.UNAUTHORISED
    good = answer(kind, BODY, {**headers, "Authorization": f"Bearer {SECRET}"}, **SECURED)
    assert good.problem is not Problem.UNAUTHORISED
    assert not any(f"Bearer {SECRET}" in data for data in good.events)


@pytest.mark.parametrize("kind", ["bitbucketserver", "github", "gitlab", "slack"])
def test_a_secret_that_cannot_be_read_is_no_secret_at_all(kind: str) -> None:
    refused = answer(kind, BODY, SIGNED[kind](BODY), secrets={AUTH: SECRET})
    assert (refused.status, refused.problem, refused.events) == (500, Problem.UNREADABLE, ())


@pytest.mark.parametrize("kind", HTTP_TYPES)
@pytest.mark.parametrize("size", [10, len(BODY)])
def test_the_size(kind: str, size: int) -> None:
    hook = {**HOOK, "maxPayloadSize": size}
    fields = hook if kind == "webhook" else {"webhook": hook}
    assert (answer(kind, BODY, SIGNED[kind](BODY), **fields).problem is Problem.SIZE) == (size < len(BODY))


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_only_webhooks_look_at_the_method(kind: str, method: str) -> None:
    assert answer(kind, BODY, SIGNED[kind](BODY), method=method).problem is None


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("metadata", [{}, {"team": "a"}])
def test_the_event_holds_headers_body_and_metadata(kind: str, metadata: dict[str, str]) -> None:
    headers = {**SIGNED[kind](BODY), "Authorization": "Basic x", "x-event-key": "k"}
    (data,) = answer(kind, BODY, headers, metadata=metadata).events
    event = json.loads(data)
    assert event.pop("metadata", {}) == metadata
    assert set(event) == {"headers", "body"}
    assert event["headers"]["X-Event-Key"] == ["k"]
    assert event["headers"]["Authorization"] == [MASK]
    assert event["body"].items() >= json.loads(BODY).items()


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("body", ["", "{", "nope", "\ufeff{}"])
def test_a_body_that_is_no_json(kind: str, body: str) -> None:
    refused = answer(kind, body, SIGNED[kind](body))
    assert refused.status == 400
    assert refused.problem in (Problem.BODY, Problem.CONTENT)


def test_an_entry_without_a_webhook_serves_nothing() -> None:
    assert hook_of(SnsSource()) == WebhookSource()
    assert endpoint_path(hook_of(SnsSource())) == "/"
