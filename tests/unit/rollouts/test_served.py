"""What Argo would accept and cannot be carried out here is an invalid spec that says so, before anything moves."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.resources.rollout import Rollout
from argosy.rollouts.needs import problems
from argosy.rollouts.turn import SERVICE, Seen
from argosy.rollouts.writes import Ref
from support.rolloutworld import rollout_body

SERVICES = {"stableService": "s", "canaryService": "c"}
GATEWAY = "argoproj-labs/gatewayAPI"


def found(strategy: dict[str, Any], **spec: Any) -> list[str]:
    """The fields of what is wrong."""
    body = rollout_body(strategy, **spec)
    others: dict[Ref, Any] = {SERVICE(name): {"metadata": {"name": name}} for name in ("s", "c", "active")}
    return [one.field for one in problems(Seen(Rollout.of(body), body, others=others))]


@pytest.mark.parametrize(
    ("canary", "field"),
    [
        ({"steps": [{"plugin": {"name": "a/b"}}]}, "steps[0].plugin.name"),
        ({**SERVICES, "trafficRouting": {"appMesh": {}}}, "trafficRouting.appMesh"),
        ({**SERVICES, "trafficRouting": {"plugins": {"a/b": {}}}}, "trafficRouting.plugins[a/b]"),
        (
            {**SERVICES, "trafficRouting": {"plugins": {GATEWAY: {"grpcRoute": "x"}}}},
            f"trafficRouting.plugins[{GATEWAY}].grpcRoute",
        ),
        (
            {**SERVICES, "trafficRouting": {"maxTrafficWeight": 0, "plugins": {GATEWAY: {}}}},
            "trafficRouting.maxTrafficWeight",
        ),
        (
            {**SERVICES, "trafficRouting": {"istio": {"virtualService": {"name": "vs.other"}}}},
            "trafficRouting.istio.virtualService.name",
        ),
        ({"maxSurge": "abc"}, "maxSurge"),
        ({"maxUnavailable": "25.5%"}, "maxUnavailable"),
    ],
)
def test_of_canaries(canary: dict[str, Any], field: str) -> None:
    assert found({"canary": canary}) == [f"spec.strategy.canary.{field}"]


@pytest.mark.parametrize("field", ["progressDeadlineSeconds", "revisionHistoryLimit"])
def test_numbers_that_nobody_can_use(field: str) -> None:
    assert found({"canary": {}}, **{field: 10**15}) == [f"spec.{field}"]


@pytest.mark.parametrize("duration", ["99999999999999", 10**15, "9" * 5000])
def test_pauses_that_never_end(duration: int | str) -> None:
    assert found({"canary": {"steps": [{"pause": {"duration": duration}}]}}) == [
        "spec.strategy.steps[0].pause.duration"
    ]


@pytest.mark.parametrize(
    "canary",
    [
        {"maxSurge": "25%", "maxUnavailable": 0},
        {"maxSurge": "25", "maxUnavailable": "0%"},
        {"steps": [{"pause": {"duration": "2147483647"}}, {"pause": {"duration": "1h"}}]},
    ],
)
def test_the_rest_is_served(canary: dict[str, Any]) -> None:
    assert found({"canary": canary}) == []
