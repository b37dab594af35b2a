"""Analyses of a Rollout: runs are made, and what they say moves it, holds it, or sends it back."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.rollouts.turn import SERVICE
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

TEMPLATE = Ref("argoproj.io", "AnalysisTemplate", "rate")
ANALYSIS = {
    "templates": [{"templateName": "rate"}],
    "args": [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}],
}


def world_of(strategy: dict[str, Any]) -> World:
    world = World(rollout_body(strategy))
    metric = {"name": "rate", "provider": {"web": {"url": "http://metrics/{{args.hash}}"}}}
    world.objects[TEMPLATE] = {"spec": {"args": [{"name": "hash"}], "metrics": [metric]}}
    for name in ("active", "preview"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.settle()
    assert runs(world) == [], "not for the first version"
    world.image("app:2")
    world.settle()
    return world


def runs(world: World) -> list[dict[str, Any]]:
    return [one for ref, one in world.objects.items() if ref.kind == "AnalysisRun"]


def end(world: World, phase: str, index: int = -1) -> None:
    runs(world)[index]["status"] = {"phase": phase, "message": f"it was {phase}"}
    world.settle()


def step() -> World:
    world = world_of(
        {"canary": {"steps": [{"setWeight": 25}, {"analysis": ANALYSIS}, {"setWeight": 50}, {"pause": {}}]}}
    )
    (run,) = runs(world)
    assert run["metadata"]["name"].endswith("-2-1"), "revision and step"
    assert run["metadata"]["labels"]["rollout-type"] == "Step"
    assert run["spec"]["args"] == [{"name": "hash", "value": world.status["currentPodHash"]}]
    assert world.status["currentStepIndex"] == 1
    return world


def test_a_step_waits_for_its_run() -> None:
    world = step()
    end(world, "Running")
    assert world.status["canary"]["currentStepAnalysisRunStatus"]["status"] == "Running"
    end(world, "Successful")
    assert (world.status["currentStepIndex"], world.status["phase"]) == (3, "Paused")


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_a_run_that_fails_aborts(phase: str) -> None:
    world = step()
    end(world, phase)
    assert (world.status["phase"], world.sets()) == ("Degraded", {"app:1": 4})
    assert world.status["message"].endswith(f"Step-based analysis phase error/failed: it was {phase}")


def test_after_a_retry_there_is_a_new_run() -> None:
    world = step()
    end(world, "Failed")
    world.patch({"status": {"abort": False}})
    world.settle()
    assert len(runs(world)) == 2
    assert runs(world)[-1]["metadata"]["name"].endswith("-2-1.1")
    end(world, "Successful")
    assert world.status["currentStepIndex"] == 3


def test_an_inconclusive_run_pauses_and_promoting_goes_past_it() -> None:
    world = step()
    end(world, "Inconclusive")
    assert (world.status["phase"], world.status["message"]) == ("Paused", "InconclusiveAnalysisRun")
    patch = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 2}
    world.patch({"status": patch})
    world.settle()
    assert world.status["currentStepIndex"] == 3


def test_resuming_an_inconclusive_run_makes_a_new_one() -> None:
    world = step()
    end(world, "Inconclusive")
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert len(runs(world)) == 2


def test_a_background_run_lives_across_the_steps() -> None:
    steps = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
    world = world_of({"canary": {"analysis": {**ANALYSIS, "startingStep": 2}, "steps": steps}})
    assert runs(world) == []
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    (run,) = runs(world)
    assert run["metadata"]["labels"]["rollout-type"] == "Background"
    end(world, "Running")
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert world.status["phase"] == "Healthy"
    assert runs(world)[0]["spec"]["terminate"] is True


def test_a_template_that_is_missing_is_said_before_anything_moves() -> None:
    from argosy.rollouts.needs import problems

    world = step()
    del world.objects[TEMPLATE]
    (found,) = problems(world.seen())
    assert found.field == "spec.strategy.canary.steps[1].analysis.templates[0].templateName"
    assert "AnalysisTemplate 'rate' not found" in found.reason


def blue_green(**more: Any) -> World:
    return world_of({"blueGreen": {"activeService": "active", "previewService": "preview", **more}})


def active(world: World) -> str:
    return str(world.objects[SERVICE("active")]["spec"]["selector"]["rollouts-pod-template-hash"])


def test_before_the_switch() -> None:
    world = blue_green(prePromotionAnalysis=ANALYSIS)
    first = world.status["stableRS"]
    (run,) = runs(world)
    assert run["metadata"]["name"].endswith("-2-pre")
    assert active(world) == first
    end(world, "Successful")
    assert (active(world), world.status["phase"]) == (world.status["currentPodHash"], "Healthy")


def test_before_the_switch_a_failure_keeps_the_active_version() -> None:
    world = blue_green(prePromotionAnalysis=ANALYSIS)
    first = world.status["stableRS"]
    end(world, "Failed")
    assert (active(world), world.status["phase"]) == (first, "Degraded")


def test_after_the_switch_a_failure_switches_back() -> None:
    world = blue_green(postPromotionAnalysis=ANALYSIS)
    first = world.status["stableRS"]
    (run,) = runs(world)
    assert run["metadata"]["name"].endswith("-2-post")
    assert active(world) == world.status["currentPodHash"] != first
    assert (world.status["phase"], world.status["message"]) == ("Progressing", "waiting for analysis to complete")
    end(world, "Failed")
    assert (active(world), world.status["phase"], world.status["stableRS"]) == (first, "Degraded", first)


def test_after_the_switch_success_makes_it_stable() -> None:
    world = blue_green(postPromotionAnalysis=ANALYSIS)
    end(world, "Successful")
    assert (world.status["stableRS"], world.status["phase"]) == (active(world), "Healthy")


def test_an_experiment_step() -> None:
    templates = [{"name": "base", "specRef": "stable"}, {"name": "new", "specRef": "canary", "replicas": 2}]
    steps = [{"experiment": {"duration": "5m", "templates": templates}}, {"setWeight": 50}, {"pause": {}}]
    world = world_of({"canary": {"steps": steps}})
    (ref,) = [ref for ref in world.objects if ref.kind == "Experiment"]
    made = world.objects[ref]
    images = [one["template"]["spec"]["containers"][0]["image"] for one in made["spec"]["templates"]]
    assert (images, [one["replicas"] for one in made["spec"]["templates"]]) == (["app:1", "app:2"], [1, 2])
    assert (world.status["canary"]["currentExperiment"], world.status["currentStepIndex"]) == (ref.name, 0)
    made["status"] = {"phase": "Successful"}
    world.settle()
    assert world.status["currentStepIndex"] == 2


def test_an_experiment_that_fails_aborts() -> None:
    templates = [{"name": "base", "specRef": "stable"}]
    world = world_of({"canary": {"steps": [{"experiment": {"templates": templates}}]}})
    (ref,) = [ref for ref in world.objects if ref.kind == "Experiment"]
    world.objects[ref]["status"] = {"phase": "Failed", "message": "too slow"}
    world.settle()
    assert world.status["message"] == "RolloutAborted: Rollout aborted update to revision 2: too slow"
