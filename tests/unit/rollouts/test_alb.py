"""Behind an Application Load Balancer: no pod goes before the weight has arrived and its targets answer."""

from __future__ import annotations

from typing import Any

from argosy.rollouts.needs import problems
from argosy.rollouts.traffic.alb import MODE, balancer_ref
from argosy.rollouts.turn import SERVICE
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

NEW, OLD = "shop/web-new:80", "shop/web-old:80"


def world_of(mode: str) -> World:
    routing = {"alb": {"ingress": "web", "servicePort": 80}}
    steps = [{"setWeight": 50}, {"pause": {}}]
    body = rollout_body(
        {"canary": {"steps": steps, "trafficRouting": routing, "canaryService": "new", "stableService": "old"}}
    )
    body["metadata"]["annotations"] = {MODE: mode}
    world = World(body)
    for name in ("new", "old"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    paths = [{"path": "/", "backend": {"service": {"name": "old", "port": {"name": "use-annotation"}}}}]
    world.objects[Ref("networking.k8s.io", "Ingress", "web")] = {
        "metadata": {"name": "web"},
        "spec": {"rules": [{"http": {"paths": paths}}]},
    }
    arrive(world, 0)
    world.settle()
    return world


def arrive(world: World, canary: int, *, healthy: int = 4) -> None:
    """The balancer has these weights now."""
    shares = {
        NEW: {"weight": canary, "targets": 4, "healthy": healthy},
        OLD: {"weight": 100 - canary, "targets": 4, "healthy": 4},
    }
    world.objects[balancer_ref("web")] = {"hostname": "lb", "shares": shares}


def annotated(world: World) -> bool:
    ingress: dict[str, Any] = world.objects[Ref("networking.k8s.io", "Ingress", "web")]
    return '"Weight":50' in str(ingress["metadata"].get("annotations"))


def test_a_step_waits_until_the_weight_has_arrived() -> None:
    world = world_of("verify")
    world.image("app:2")
    world.settle()
    assert annotated(world)
    assert (world.status["currentStepIndex"], world.status["canary"]["weights"]["verified"]) == (0, False)
    assert world.outside == []
    arrive(world, 50, healthy=3)
    world.settle()
    assert world.status["currentStepIndex"] == 0, "not all of its targets answer"
    arrive(world, 50)
    world.settle()
    assert (world.status["phase"], world.status["currentStepIndex"]) == ("Paused", 1)


def test_old_pods_stay_until_all_traffic_has_moved() -> None:
    world = world_of("verify")
    world.image("app:2")
    world.settle()
    arrive(world, 50)
    world.settle()
    world.patch({"status": {"pauseConditions": None}})
    world.settle()
    world.later(60)
    assert world.sets()["app:1"] == 4
    assert world.status["phase"] == "Progressing"
    arrive(world, 100)
    world.settle()
    world.later(31)
    arrive(world, 0)
    world.settle()
    world.later(31)
    assert world.status["phase"] == "Healthy"


def test_the_weights_are_set_at_the_balancer_itself() -> None:
    world = world_of("direct")
    world.image("app:2")
    for _ in range(6):
        world.turn()
        world.ready = None
        for ref, one in world.objects.items():
            if ref.kind == "ReplicaSet":
                count = one["spec"]["replicas"]
                one["status"] = {"replicas": count, "readyReplicas": count, "availableReplicas": count}
    last = world.outside[-1]
    assert last.body == {"hostname": "lb", "weights": {NEW: 50, OLD: 50}}
    assert len({one.id for one in world.outside}) == 1
    asked = len(world.outside)
    arrive(world, 50)
    world.settle()
    assert len(world.outside) == asked, "it is so"


def test_a_balancer_that_is_not_seen_is_said() -> None:
    world = world_of("direct")
    world.objects[balancer_ref("web")] = None  # type: ignore[assignment]
    (found,) = problems(world.seen())
    assert 'the load balancer of ingress "web" is not seen' in found.reason
