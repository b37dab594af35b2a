"""Event source `slack`: signature and age, then events, interactions and slash commands."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from argosy.events.sources.hooks import Answer, Problem
from support.hooks import NOW, SECRET, answer, slack_headers

FORM = "application/x-www-form-urlencoded"
EVENT = {"type": "message", "text": "hi"}
CALLBACK = json.dumps({"token": SECRET, "type": "event_callback", "event": EVENT})


def form(**fields: str) -> Answer:
    body = urlencode(fields)
    return answer("slack", body, slack_headers(body, content_type=FORM))


def event(body: Any) -> Answer:
    text = json.dumps(body)
    return answer("slack", text, slack_headers(text))


def test_an_event_is_published_bare() -> None:
    (data,) = answer("slack", CALLBACK, slack_headers(CALLBACK), metadata={"a": "b"}).events
    assert json.loads(data) == EVENT


@pytest.mark.parametrize(("age", "good"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)])
def test_the_age_of_a_request(age: int, good: bool) -> None:
    given = answer("slack", CALLBACK, slack_headers(CALLBACK), now=NOW + age)
    assert (given.status, given.problem) == ((200, None) if good else (401, Problem.SIGNATURE))


@pytest.mark.parametrize("at", ["", "x", "1e9", " 1767225600", "1_767_225_600", "9" * 400, "１７６７２２５６００"])
def test_a_time_that_is_none(at: str) -> None:
    assert answer("slack", CALLBACK, slack_headers(CALLBACK, at)).problem is Problem.SIGNATURE


@pytest.mark.parametrize("changed", [CALLBACK + " ", CALLBACK.replace("hi", "ho")])
def test_a_changed_byte_is_refused(changed: str) -> None:
    assert answer("slack", changed, slack_headers(CALLBACK)).problem is Problem.SIGNATURE


@pytest.mark.parametrize("given", ["", "v0=", "v0=zz", "v0=" + "0" * 64])
def test_a_signature_that_is_none(given: str) -> None:
    headers = {**slack_headers(CALLBACK), "X-Slack-Signature": given}
    assert answer("slack", CALLBACK, headers).problem is Problem.SIGNATURE


def test_a_challenge_is_answered_and_not_published() -> None:
    given = event({"token": SECRET, "type": "url_verification", "challenge": "3eZbrw1a"})
    assert given == Answer(200, text="3eZbrw1a")


@pytest.mark.parametrize("kind", ["url_verification", "event_callback"])
def test_the_token_of_events(kind: str) -> None:
    refused = event({"token": "other", "type": kind, "challenge": "x", "event": EVENT})
    assert (refused.problem, refused.text) == (Problem.SIGNATURE, "success")


def test_an_interaction() -> None:
    (data,) = form(payload=json.dumps({"type": "block_actions", "actions": []})).events
    assert json.loads(data) == {"type": "block_actions", "actions": []}


def test_a_slash_command() -> None:
    (data,) = form(command="/deploy", text="app now", user_id="U1", enterprise_id="E1", unknown="x").events
    found = json.loads(data)
    assert {name: found[name] for name in ("command", "text", "user_id", "enterprise_id", "channel_id")} == {
        "command": "/deploy",
        "text": "app now",
        "user_id": "U1",
        "enterprise_id": "E1",
        "channel_id": "",
    }
    assert "unknown" not in found
    assert "enterprise_name" not in found


@pytest.mark.parametrize(
    "given",
    [form(), form(payload="nope"), form(payload="[1]"), event([1]), event({"token": SECRET, "type": "event_callback"})],
)
def test_what_is_none_of_them(given: Answer) -> None:
    assert (given.status, given.problem, given.events) == (400, Problem.CONTENT, ())


def test_events_of_no_kind_are_taken_and_dropped() -> None:
    assert event({"token": SECRET, "type": "app_rate_limited"}) == Answer(200)
