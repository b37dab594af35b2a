"""Event source `github`; signatures are tabled by the shared family `events/hook-auth`."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from argosy.events.sources.hooks import Problem
from support.hooks import SECRET, answer, github_headers, signature

BODY = '{"b": 12345678901234567890, "a": "<é>"}'
ADDED = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1"}


def test_the_event_and_what_is_added_to_it() -> None:
    (data,) = answer("github", BODY, github_headers(BODY)).events
    event = json.loads(data)
    assert event["body"] == {"b": 12345678901234567890, "a": "<é>", **ADDED}
    assert event["headers"]["X-Github-Event"] == ["push"]
    assert data.index('"b"') < data.index('"a"'), "as GitHub ordered them"


@pytest.mark.parametrize("body", ["{}", '{"X-GitHub-Event": "forged"}'])
def test_what_is_added_wins(body: str) -> None:
    (data,) = answer("github", body, github_headers(body)).events
    assert json.loads(data)["body"] == ADDED
    assert data.count('"X-GitHub-Event"') == 1


@pytest.mark.parametrize("position", [0, 5, len(BODY) - 1])
def test_a_changed_byte_is_refused(position: int) -> None:
    changed = BODY[:position] + "X" + BODY[position + 1 :]
    assert answer("github", changed, github_headers(BODY)).problem is Problem.SIGNATURE


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": signature(BODY)},
        {"X-Hub-Signature": "é=1"},
    ],
)
def test_a_signature_that_is_none(headers: dict[str, str]) -> None:
    sent = {"Content-Type": "application/json", **headers}
    assert answer("github", BODY, sent).problem is Problem.SIGNATURE


def test_without_a_secret_nothing_is_asked_for() -> None:
    assert answer("github", "{}", {"Content-Type": "application/json"}, webhookSecret=None).status == 200


def test_a_form_is_signed_as_it_was_sent() -> None:
    body = urlencode({"payload": BODY})
    headers = {**github_headers(body), "Content-Type": "application/x-www-form-urlencoded"}
    (data,) = answer("github", body, headers).events
    assert json.loads(data)["body"]["a"] == "<é>"
    assert SECRET not in data


@pytest.mark.parametrize("content_type", ["", "text/plain", "application", "application/json/x"])
def test_other_content_types(content_type: str) -> None:
    assert answer("github", "{}", {**github_headers("{}"), "Content-Type": content_type}).problem is Problem.CONTENT
