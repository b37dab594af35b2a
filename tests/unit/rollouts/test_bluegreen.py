"""Blue-green rollouts, turn by turn, in a namespace where pods come at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from argosy.rollouts.replicasets import HASH
from argosy.rollouts.turn import SERVICE
from support.rolloutworld import World, rollout_body


def blue_green(**more: Any) -> World:
    strategy = {"blueGreen": {"activeService": "active", "previewService": "preview", **more}}
    world = World(rollout_body(strategy))
    for name in ("active", "preview"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:1": 4})
    return world


def selected(world: World, name: str) -> str:
    return str(world.objects[SERVICE(name)]["spec"]["selector"][HASH])


def test_it_switches_at_once() -> None:
    world = blue_green()
    first = world.status["stableRS"]
    world.image("app:2")
    world.settle()
    second = world.status["stableRS"]
    assert first != second == selected(world, "active") == selected(world, "preview")
    assert world.sets() == {"app:1": 4, "app:2": 4}, "the old version stays for 30 s"
    world.later(31)
    assert world.sets() == {"app:2": 4}
    assert world.status["selector"] == f"app=web,{HASH}={second}"


def test_it_waits_for_somebody() -> None:
    world = blue_green(autoPromotionEnabled=False)
    first = world.status["stableRS"]
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.status["message"]) == ("Paused", "BlueGreenPause")
    assert (selected(world, "active"), selected(world, "preview")) == (first, world.status["currentPodHash"])
    world.later(3600)
    assert selected(world, "active") == first
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert selected(world, "active") == world.status["currentPodHash"] != first


def test_it_waits_for_a_while_and_may_be_told_to_go_on_before() -> None:
    for told in (False, True):
        world = blue_green(autoPromotionSeconds=60)
        first = world.status["stableRS"]
        world.image("app:2")
        world.settle()
        assert selected(world, "active") == first
        assert world.due == world.now + timedelta(seconds=60, milliseconds=1)
        if told:
            world.patch({"status": {"pauseConditions": None}})
            world.settle()
        else:
            world.later(61)
        assert world.status["stableRS"] == selected(world, "active") != first


def test_a_small_preview_grows_before_the_switch() -> None:
    world = blue_green(autoPromotionEnabled=False, previewReplicaCount=1)
    world.image("app:2")
    world.settle()
    assert (world.sets(), world.status["phase"]) == ({"app:1": 4, "app:2": 1}, "Paused")
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert (world.sets(), world.status["phase"]) == ({"app:1": 4, "app:2": 4}, "Healthy")
    assert not world.status["blueGreen"].get("scaleUpPreviewCheckPoint")


def test_an_abort_leaves_the_active_version_alone() -> None:
    world = blue_green(autoPromotionEnabled=False)
    first = world.status["stableRS"]
    world.image("app:2")
    world.settle()
    world.patch({"status": {"abort": True}})
    world.settle()
    assert (world.status["phase"], selected(world, "active")) == ("Degraded", first)
    assert world.sets() == {"app:1": 4, "app:2": 4}
    world.later(31)
    assert world.sets() == {"app:1": 4}


def test_back_to_the_version_before_without_a_pause() -> None:
    world = blue_green(autoPromotionEnabled=False)
    world.image("app:2")
    world.settle()
    world.image("app:1")
    world.settle()
    assert (world.status["phase"], world.status["stableRS"]) == ("Healthy", selected(world, "active"))


def test_no_traffic_to_a_version_whose_pods_do_not_come() -> None:
    world = blue_green()
    first = world.status["stableRS"]
    world.ready = lambda one: 3 if "app:2" in str(one) else one["spec"]["replicas"]
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], selected(world, "active")) == ("Progressing", first)
    world.later(601)
    assert world.status["message"].startswith("ProgressDeadlineExceeded")
    assert (selected(world, "active"), world.least) == (first, 4)


def test_the_number_of_old_versions_that_are_kept() -> None:
    world = blue_green(scaleDownDelayRevisionLimit=1)
    for number in (2, 3, 4):
        world.now += timedelta(seconds=1)
        world.image(f"app:{number}")
        world.settle()
    assert world.sets() == {"app:3": 4, "app:4": 4}


def test_back_to_a_version_whose_pods_are_still_there_without_pause_and_analysis() -> None:
    world = blue_green(autoPromotionEnabled=False, scaleDownDelaySeconds=600)
    world.now += timedelta(seconds=5)
    world.image("app:2")
    world.settle()
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:1": 4, "app:2": 4})
    world.now += timedelta(seconds=5)
    world.image("app:1")
    world.settle()
    assert world.status["phase"] == "Healthy"
    assert selected(world, "active") == world.status["currentPodHash"] == world.status["stableRS"]


def test_a_version_that_was_aborted_is_none_to_go_back_to() -> None:
    world = blue_green(autoPromotionEnabled=False)
    world.image("app:2")
    world.settle()
    world.patch({"status": {"abort": True}})
    world.settle()
    world.patch({"status": {"abort": None}})
    world.settle()
    assert (world.status["phase"], world.status["message"]) == ("Paused", "BlueGreenPause")


def test_a_version_that_was_never_stable_is_none_to_go_back_to_either() -> None:
    """Previews that were aborted or replaced have a deadline, too."""
    world = blue_green(autoPromotionEnabled=False, scaleDownDelaySeconds=600, abortScaleDownDelaySeconds=600)
    for image in ("app:2", "app:3"):
        world.now += timedelta(seconds=5)
        world.image(image)
        world.settle()
        assert world.status["message"] == "BlueGreenPause"
        if image == "app:2":
            world.patch({"status": {"abort": True}})
            world.settle()
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    assert world.status["phase"] == "Healthy"
    world.now += timedelta(seconds=5)
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.status["message"]) == ("Paused", "BlueGreenPause")
