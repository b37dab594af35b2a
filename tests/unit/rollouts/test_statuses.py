"""The merge patch of a status: what is there afterwards is what was meant, and then there is no other patch."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.lang.patch.mergepatch import merge_patch
from argosy.resources.rollout import RolloutStatus
from argosy.rollouts.statuses import status_patch

type Json = dict[str, Any]

CANARY = {"weight": 20, "serviceName": "c", "podTemplateHash": "h"}
STABLE = {"weight": 80, "serviceName": "s", "podTemplateHash": "g"}


def status(**canary: Any) -> Json:
    return {"canary": canary, "blueGreen": {}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, status(weights={"canary": CANARY, "stable": STABLE})),
        (
            status(weights={"canary": CANARY, "stable": STABLE, "additional": [CANARY]}),
            status(weights={"canary": CANARY, "stable": STABLE}),
        ),
        (
            status(weights={"canary": CANARY, "stable": STABLE, "verified": False}),
            status(weights={"canary": CANARY, "stable": STABLE}),
        ),
        (status(weights={"canary": CANARY, "stable": STABLE}), status()),
        (
            status(currentStepAnalysisRunStatus={"name": "a", "status": "Failed", "message": "bad"}),
            status(currentStepAnalysisRunStatus={"name": "a.1"}),
        ),
        (status(currentExperiment="e"), status()),
        ({"canary": {}, "blueGreen": {}, "abort": True, "abortedAt": "2026-01-01T00:00:00Z"}, status()),
    ],
)
def test_it_settles(before: Json, after: Json) -> None:
    wanted = RolloutStatus.model_validate(after)
    patched = merge_patch(before, status_patch(before, wanted))
    assert RolloutStatus.model_validate(patched) == wanted
    assert status_patch(patched, wanted) == {}


def test_what_is_unknown_stays() -> None:
    before = {"canary": {"later": 1}, "blueGreen": {}, "later": {"a": 1}}
    assert status_patch(before, RolloutStatus()) == {}
