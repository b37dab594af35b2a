"""Event source `bitbucketserver`: its signature, and pushes that change several refs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from argosy.events.sources.hooks import Problem
from support.hooks import answer, signature

PUSH = {"eventKey": "repo:refs_changed", "changes": [{"refId": "a"}, {"refId": "b"}], "actor": {"id": 1}}


def bodies(sent: Any, **fields: Any) -> list[Any]:
    text = json.dumps(sent)
    headers = {"X-Hub-Signature": f"sha256={signature(text)}"}
    return [json.loads(data)["body"] for data in answer("bitbucketserver", text, headers, **fields).events]


@pytest.mark.parametrize("given", ["", "sha256=", "sha256=" + "0" * 64, signature("{}"), f"sha256={signature('[]')}"])
def test_a_wrong_signature(given: str) -> None:
    assert answer("bitbucketserver", "{}", {"X-Hub-Signature": given}).problem is Problem.SIGNATURE


def test_one_event_for_each_change() -> None:
    assert bodies(PUSH) == [PUSH]
    assert bodies(PUSH, oneEventPerChange=True) == [{**PUSH, "changes": [change]} for change in PUSH["changes"]]


@pytest.mark.parametrize(
    "sent",
    [
        {**PUSH, "changes": [{"refId": "a"}]},
        {**PUSH, "changes": []},
        {**PUSH, "changes": "x"},
        {**PUSH, "eventKey": "pr:opened"},
        [PUSH],
        {"test": True},
    ],
)
def test_everything_else_is_one_event(sent: Any) -> None:
    assert bodies(sent, oneEventPerChange=True) == [sent]
