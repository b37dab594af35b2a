"""Which statuses of rollouts may wait a moment for what the next turn writes."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.controller import Report
from argosy.control.effects import Decision, Observation, Patch, Version
from argosy.control.keys import Key
from argosy.services.rollouts.controller import Read, Rollouts
from support.services import FakeInstallation

KEY = Key("home", "argoproj.io", "Rollout", "ns", "web")


@pytest.mark.parametrize(
    ("status", "waits"),
    [
        ({"replicas": 3, "availableReplicas": 2, "message": "old replicas are pending termination"}, True),
        ({"updatedReplicas": 1, "conditions": []}, True),
        ({"updatedReplicas": 1, "phase": "Healthy"}, False),
        ({"currentStepIndex": 1}, False),
        ({"observedGeneration": "2"}, False),
        ({"pauseConditions": None}, False),
        ({"stableRS": "abc"}, False),
    ],
)
def test_counts_alone_may_wait(status: dict[str, Any], waits: bool) -> None:
    observation = Observation(Read(KEY, Version("u", 1)))
    patch = Rollouts(FakeInstallation().runtime).status(observation, Decision(status=status), Report())
    assert patch == Patch(KEY, {"status": status}, Version("u", 1), patient=waits)
