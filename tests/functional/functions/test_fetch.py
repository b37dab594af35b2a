"""What the function that fetches tells the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.gitops.signatures import Verdict
from argosy.ports.fakes.repository import FakeRepository, Held
from argosy.ports.repository import Credentials, Signature
from argosy.services.fetching import FetchRequest
from argosy.services.remotemaking import RemoteFetching
from support.functions import invoke
from support.services import FakeInstallation

URL = "https://example.com/app"
COMMIT = "1" * 40
KEY = "A" * 16


def test_what_a_signature_is_worth() -> None:
    """It is asked once for the same commit and the same keys."""
    repository = FakeRepository({URL: Held(signatures={COMMIT: Signature("good", KEY, "RSA")})})
    made = FakeInstallation(repository=repository)

    class Functions:
        def call(self, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
            answer: Mapping[str, Any] = invoke(name, json.loads(json.dumps(request)), made)
            return answer

    remote = RemoteFetching(made.runtime.blobs, Functions())
    request = FetchRequest(url=URL, revision=COMMIT, keys={KEY: "armored"})
    for _ in range(2):
        assert remote.signature(request, COMMIT, Credentials) == Verdict("good", KEY, "RSA")
    assert repository.verified == [COMMIT]
    assert remote.signature(request.model_copy(update={"keys": {}}), COMMIT, Credentials).result == "invalid"
    with pytest.raises(NotFound):
        remote.signature(FetchRequest(url=f"{URL}-gone", keys={}), COMMIT, Credentials)
