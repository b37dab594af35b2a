"""Event source `gitlab`: its token, which is masked in the event."""

from __future__ import annotations

import json

import pytest

from argosy.events.sources.hooks import MASK, Problem
from support.hooks import SECRET, answer


@pytest.mark.parametrize("token", [None, "", "S3cret", "s3cret ", "s3cre", "é"])
def test_a_wrong_token(token: str | None) -> None:
    headers = {} if token is None else {"X-Gitlab-Token": token}
    refused = answer("gitlab", "{}", headers)
    assert (refused.status, refused.problem) == (400, Problem.SIGNATURE)


def test_the_token_never_reaches_the_event() -> None:
    (data,) = answer("gitlab", "{}", {"x-gitlab-token": SECRET, "X-Gitlab-Event": "Push Hook"}).events
    assert json.loads(data)["headers"] == {"X-Gitlab-Event": ["Push Hook"], "X-Gitlab-Token": [MASK]}


def test_without_a_secret_nothing_is_asked_for() -> None:
    assert answer("gitlab", "{}", {"X-Gitlab-Token": "any"}, secretToken=None).status == 200
