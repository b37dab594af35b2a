"""Canaries behind Istio, turn by turn: routes of our own beside the user's; a VirtualService that is not as it must be."""

from __future__ import annotations

from typing import Any

from argosy.rollouts.needs import problems
from argosy.rollouts.turn import SERVICE
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

type Json = dict[str, Any]

SERVED = Ref("networking.istio.io", "VirtualService", "web")
RULE = Ref("networking.istio.io", "DestinationRule", "web")
PLAIN = {
    "route": [{"destination": {"host": "stable"}, "weight": 100}, {"destination": {"host": "canary"}, "weight": 0}]
}
SUBSETS = {"route": [{"destination": {"host": "web", "subset": name}, "weight": 0} for name in ("stable", "canary")]}
BY_HEADER = {"setHeaderRoute": {"name": "beta", "match": [{"headerName": "x", "headerValue": {"exact": "1"}}]}}


def world_of(steps: list[Json], istio: Json, *routes: Json, services: bool = True) -> World:
    named = {"stableService": "stable", "canaryService": "canary"} if services else {}
    routing = {"managedRoutes": [{"name": "beta"}], "istio": istio}
    world = World(rollout_body({"canary": {**named, "trafficRouting": routing, "steps": steps}}))
    for name in named.values():
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.objects[SERVED] = {"metadata": {"name": "web"}, "spec": {"http": list(routes)}}
    world.objects[RULE] = {"spec": {"host": "web.shop.svc", "subsets": [{"name": "stable"}, {"name": "canary"}]}}
    world.settle()
    world.image("app:2")
    world.settle()
    return world


def routes(world: World) -> list[Json]:
    found: list[Json] = world.objects[SERVED]["spec"]["http"]
    return found


def weights(world: World) -> list[int]:
    return [one["weight"] for one in routes(world)[-1]["route"]]


ONE: Json = {"virtualService": {"name": "web"}}


def test_a_route_of_ours_is_none_to_choose_from() -> None:
    world = world_of([{"setWeight": 20}, BY_HEADER, {"setWeight": 40}, {"pause": {}}], ONE, PLAIN)
    assert [one.get("name") for one in routes(world)] == ["beta", None]
    assert (weights(world), world.status["message"]) == ([60, 40], "CanaryPauseStep")
    world.patch({"status": {"abort": True}})
    world.settle()
    assert ([one.get("name") for one in routes(world)], weights(world)) == ([None], [100, 0])


def test_subsets_without_services_are_of_the_rules_host() -> None:
    istio = {**ONE, "destinationRule": {"name": "web", "canarySubsetName": "canary", "stableSubsetName": "stable"}}
    world = world_of([{"setWeight": 20}, BY_HEADER, {"pause": {}}], istio, SUBSETS, services=False)
    assert routes(world)[0]["route"] == [{"destination": {"host": "web.shop.svc", "subset": "canary"}, "weight": 100}]


def test_a_virtual_service_without_the_route_is_an_invalid_spec() -> None:
    world = world_of(
        [{"setWeight": 20}, {"pause": {}}], {"virtualService": {"name": "web", "routes": ["a"]}}, {**PLAIN, "name": "a"}
    )
    assert problems(world.seen()) == []
    world.objects[SERVED]["spec"]["http"] = [PLAIN]
    assert ["'a' is not found" in one.reason for one in problems(world.seen())] == [True]


def test_traffic_that_cannot_be_moved_holds_the_update_and_says_so() -> None:
    world = world_of([{"setWeight": 20}, {"pause": {}}], ONE, PLAIN)
    world.objects[SERVED]["spec"]["http"] = [PLAIN, PLAIN]
    world.patch({"status": {"pauseConditions": None}})
    before = world.sets()
    world.turn()
    assert (world.sets(), world.status["currentStepIndex"]) == (before, 1)
    assert world.events[-1].reason == "TrafficRoutingError"
    assert world.due is not None
    world.objects[SERVED]["spec"]["http"] = [PLAIN]
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:2": 4, "app:1": 4})
