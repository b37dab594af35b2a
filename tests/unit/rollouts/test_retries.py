"""An update that was aborted by an analysis or an experiment, and is retried: what failed before says nothing any more."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.rollouts.turn import GROUP, SERVICE
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

type Json = dict[str, Any]

ANALYSIS = {"templates": [{"templateName": "rate"}]}
TEMPLATE = {
    "kind": "AnalysisTemplate",
    "metadata": {"name": "rate"},
    "spec": {"metrics": [{"name": "m", "provider": {"web": {"url": "http://x"}}}]},
}


def updating(strategy: Json) -> World:
    """An update that has begun."""
    world = World(rollout_body(strategy))
    world.objects[Ref(GROUP, "AnalysisTemplate", "rate")] = TEMPLATE
    world.objects[SERVICE("active")] = {"metadata": {"name": "active"}, "spec": {"selector": {"app": "web"}}}
    world.settle()
    world.image("app:2")
    world.settle()
    return world


def names(world: World, kind: str) -> list[str]:
    return sorted(ref.name for ref in world.objects if ref.kind == kind)


def fail(world: World, kind: str) -> None:
    """The newest one fails."""
    name = names(world, kind)[-1]
    world.objects[Ref(GROUP, kind, name)]["status"] = {"phase": "Failed", "message": "bad"}
    world.settle()
    assert (world.status["phase"], world.status["abort"]) == ("Degraded", True)


def retry(world: World) -> None:
    world.patch({"status": {"abort": None}})
    world.settle()


CANARY_STEPS = [{"setWeight": 25}, {"setWeight": 50}, {"pause": {}}]
WAYS: dict[str, Json] = {
    "step": {"canary": {"steps": [{"setWeight": 25}, {"analysis": ANALYSIS}, {"pause": {}}]}},
    "background": {"canary": {"analysis": ANALYSIS, "steps": CANARY_STEPS}},
    "background from the second step on": {
        "canary": {"analysis": {**ANALYSIS, "startingStep": 1}, "steps": CANARY_STEPS}
    },
    "before the switch": {"blueGreen": {"activeService": "active", "prePromotionAnalysis": ANALYSIS}},
    "after the switch": {"blueGreen": {"activeService": "active", "postPromotionAnalysis": ANALYSIS}},
}


@pytest.mark.parametrize("strategy", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("waits", [1, 60], ids=["at once", "when its pods are gone"])
def test_there_is_a_new_run(strategy: Json, waits: int) -> None:
    world = updating(strategy)
    fail(world, "AnalysisRun")
    world.later(waits)
    before = names(world, "AnalysisRun")
    retry(world)
    assert not world.status.get("abort")
    assert set(names(world, "AnalysisRun")) - set(before), "one of its own"
    fail(world, "AnalysisRun")
    retry(world)
    assert not world.status.get("abort"), "and again"


def test_there_is_a_new_experiment() -> None:
    experiment = {"experiment": {"templates": [{"name": "e", "specRef": "canary"}]}}
    world = updating({"canary": {"steps": [{"setWeight": 25}, experiment, {"pause": {}}]}})
    fail(world, "Experiment")
    retry(world)
    assert (world.status.get("abort"), world.status["currentStepIndex"]) == (None, 1)
    assert len(names(world, "Experiment")) == 2


def test_an_experiment_whose_name_was_not_written_down_is_found_again() -> None:
    experiment = {"experiment": {"templates": [{"name": "e", "specRef": "canary"}]}}
    world = updating({"canary": {"steps": [{"setWeight": 25}, experiment, {"pause": {}}]}})
    fail(world, "Experiment")
    retry(world)
    before = names(world, "Experiment")
    world.patch({"status": {"canary": {"currentExperiment": None}}})
    world.settle()
    assert names(world, "Experiment") == before
    assert world.status["canary"]["currentExperiment"] == before[-1]


def test_the_status_says_nothing_of_the_run_before() -> None:
    world = updating(WAYS["background"])
    fail(world, "AnalysisRun")
    retry(world)
    shown = world.status["canary"]["currentBackgroundAnalysisRunStatus"]
    assert shown == {"name": names(world, "AnalysisRun")[-1]}
