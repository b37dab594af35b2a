"""Canaries, turn by turn, in a namespace where pods come at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from argosy.rollouts.replicasets import DEADLINE, HASH
from argosy.rollouts.turn import SERVICE
from argosy.rollouts.verbs import patches
from argosy.rollouts.writes import Ref
from support.rolloutworld import World, rollout_body

STEPS = [{"setWeight": 25}, {"pause": {"duration": "10s"}}, {"setWeight": 50}, {"pause": {}}]


def canary(steps: list[dict[str, Any]] | None = None, *, replicas: int = 4, **more: Any) -> World:
    world = World(rollout_body({"canary": {"steps": STEPS if steps is None else steps, **more}}, replicas=replicas))
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:1": replicas})
    return world


def do(world: World, verb: str) -> None:
    found = patches(verb, world.seen().rollout, world.now)
    patch = {name: part for name, part in (("spec", found.spec), ("status", found.status)) if part is not None}
    world.patch(patch)
    world.settle()


def test_the_first_version_skips_all_steps() -> None:
    world = canary()
    assert world.status["currentStepIndex"] == len(STEPS)
    assert world.status["stableRS"] == world.status["currentPodHash"]


def test_steps_and_pauses() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.status["message"]) == ("Paused", "CanaryPauseStep")
    assert (world.sets(), world.status["currentStepIndex"]) == ({"app:1": 3, "app:2": 1}, 1)
    assert world.due == world.now + timedelta(seconds=10, milliseconds=1)
    world.later(10)
    assert world.status["currentStepIndex"] == 1, "strictly after its end"
    world.later(1)
    assert (world.sets(), world.status["currentStepIndex"]) == ({"app:1": 2, "app:2": 2}, 3)
    assert world.due is None, "somebody has to end this one"
    do(world, "promote")
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:2": 4})
    assert world.least is not None
    assert world.least >= 3, "maxUnavailable is 25 %"
    told = [event.reason for event in world.events]
    assert told.count("RolloutStepCompleted") == len(STEPS)
    assert told.count("RolloutCompleted") == 2


@pytest.mark.parametrize(("verb", "index"), [("promote-skip-current-step", 3), ("promote-skip-all-steps", 4)])
def test_skipping(verb: str, index: int) -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    do(world, verb)
    assert world.status["currentStepIndex"] == index


def test_promote_full() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    do(world, "promote-full")
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:2": 4})
    assert not world.status.get("promoteFull")


def test_abort_retry_undo() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    do(world, "abort")
    assert (world.status["phase"], world.sets()) == ("Degraded", {"app:1": 4})
    assert world.status["message"] == "RolloutAborted: Rollout aborted update to revision 2"
    assert (world.status["currentStepIndex"], world.status.get("abortedAt")) == (0, "2026-01-01T00:00:00Z")
    do(world, "retry")
    assert (world.status["phase"], world.sets()) == ("Paused", {"app:1": 3, "app:2": 1})
    world.image("app:1")
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:1": 4}), "back to stable: everything is skipped"
    assert [event.message for event in world.events if event.reason == "SkipSteps"] == [
        "Rollback to stable ReplicaSets"
    ]


def test_another_version_in_the_middle_of_an_update() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    world.image("app:3")
    world.settle()
    assert (world.sets(), world.status["currentStepIndex"]) == ({"app:1": 3, "app:3": 1}, 1)


def test_a_spec_change_ends_an_abort() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    do(world, "abort")
    world.image("app:3")
    world.settle()
    assert (world.status["phase"], bool(world.status.get("abort"))) == ("Paused", False)


def test_scaling_in_the_middle_of_an_update() -> None:
    """As a HorizontalPodAutoscaler does it."""
    world = canary([{"setWeight": 50}, {"pause": {}}])
    world.image("app:2")
    world.settle()
    world.patch({"spec": {"replicas": 8}})
    world.settle()
    assert (world.sets(), world.status["HPAReplicas"]) == ({"app:1": 4, "app:2": 4}, 8)
    assert (world.status["phase"], world.status["currentStepIndex"]) == ("Paused", 1)


def test_pods_that_do_not_come_hold_the_update_up() -> None:
    world = canary()
    world.ready = lambda one: 0 if "app:2" in str(one) else one["spec"]["replicas"]
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.status["currentStepIndex"]) == ("Progressing", 0)
    world.later(700)
    assert world.status["phase"] == "Degraded"
    assert world.status["message"].startswith("ProgressDeadlineExceeded: ReplicaSet")
    assert world.least is not None
    assert world.least >= 3


def test_somebody_looks_when_an_update_is_late() -> None:
    world = canary()
    world.ready = lambda one: 0 if "app:2" in str(one) else one["spec"]["replicas"]
    world.image("app:2")
    world.settle()
    assert world.due is not None
    assert timedelta(seconds=600) < world.due - world.now < timedelta(seconds=610)
    world.later((world.due - world.now).total_seconds())
    assert world.status["phase"] == "Degraded"


def test_a_scaling_long_after_the_last_update_is_nothing_late() -> None:
    """A quota keeps its pods from coming: nothing is due at once, turn after turn."""
    world = canary()
    world.later(86_400)
    world.patch({"spec": {"replicas": 6}})
    for _ in range(4):
        world.turn()
        assert world.due is None or world.due > world.now
    assert (world.sets(), world.status["availableReplicas"]) == ({"app:1": 6}, 4)


def test_nobody_looks_for_what_is_done_or_waits_for_somebody() -> None:
    world = canary([{"setWeight": 50}, {"pause": {}}])
    assert world.due is None
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.due) == ("Paused", None)


def test_a_late_update_is_aborted_where_the_spec_says_so() -> None:
    world = canary()
    world.patch({"spec": {"progressDeadlineAbort": True, "progressDeadlineSeconds": 60}})
    world.ready = lambda one: 0 if "app:2" in str(one) else one["spec"]["replicas"]
    world.image("app:2")
    world.settle()
    world.later(61)
    assert (world.status["abort"], world.sets()) == (True, {"app:1": 4})


def test_a_paused_rollout_changes_nothing_but_its_status() -> None:
    world = canary()
    world.patch({"spec": {"paused": True}})
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.status["message"]) == ("Paused", "manually paused")
    assert world.sets() == {"app:1": 4}
    do(world, "promote")
    assert world.sets() == {"app:1": 3, "app:2": 1}


def test_old_versions_are_deleted_beyond_the_limit() -> None:
    world = canary([])
    world.patch({"spec": {"revisionHistoryLimit": 1}})
    for number in range(2, 6):
        world.now += timedelta(seconds=1)
        world.image(f"app:{number}")
        world.settle()
    names = [ref for ref in world.objects if ref.kind == "ReplicaSet"]
    assert len(names) == 2
    assert world.sets() == {"app:5": 4}


def test_services_follow_their_versions() -> None:
    world = World(rollout_body({"canary": {"steps": STEPS, "canaryService": "new", "stableService": "old"}}))
    for name in ("new", "old"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.settle()
    first = world.status["stableRS"]
    assert [selected(world, name) for name in ("new", "old")] == [first, first]
    world.image("app:2")
    world.settle()
    second = world.status["currentPodHash"]
    assert [selected(world, name) for name in ("new", "old")] == [second, first]
    do(world, "abort")
    assert [selected(world, name) for name in ("new", "old")] == [first, first]


def selected(world: World, name: str) -> str:
    return str(world.objects[SERVICE(name)]["spec"]["selector"][HASH])


def test_a_rollback_within_its_window_skips_the_steps() -> None:
    world = canary([{"setWeight": 25}, {"pause": {}}])
    world.patch({"spec": {"rollbackWindow": {"revisions": 2}}})
    for number in (2, 3):
        world.now += timedelta(minutes=1)
        world.image(f"app:{number}")
        world.settle()
        do(world, "promote-full")
    world.image("app:2")
    world.settle()
    assert (world.status["phase"], world.sets()) == ("Healthy", {"app:2": 4})


def test_steps_that_change_begin_anew() -> None:
    world = canary()
    world.image("app:2")
    world.settle()
    world.patch({"spec": {"strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}}})
    world.settle()
    assert (world.status["currentStepIndex"], world.sets()) == (1, {"app:1": 2, "app:2": 2})


def test_metadata_that_pods_carry_for_a_while() -> None:
    metadata: dict[str, Any] = {
        "canaryMetadata": {"labels": {"role": "new"}},
        "stableMetadata": {"labels": {"role": "old"}},
    }
    world = canary([{"setWeight": 25}, {"pause": {}}], **metadata)
    assert carried(world) == {"app:1": "old"}
    world.image("app:2")
    world.settle()
    assert carried(world) == {"app:1": "old", "app:2": "new"}
    do(world, "promote")
    assert carried(world)["app:2"] == "old"


def carried(world: World) -> dict[str, str]:
    found = {}
    for ref, one in world.objects.items():
        if ref.kind == "ReplicaSet":
            template = one["spec"]["template"]
            found[template["spec"]["containers"][0]["image"]] = template["metadata"]["labels"].get("role", "")
    return found


def test_a_rollout_of_another_controller_is_taken_over_as_it_is() -> None:
    """Its ReplicaSets have that controller's hashes, and the API server's defaults."""
    world = canary()
    world.image("app:2")
    world.settle()
    renamed: dict[str, str] = {}
    for ref in [ref for ref in world.objects if ref.kind == "ReplicaSet"]:
        one = world.objects.pop(ref)
        pod_hash = f"go{one['metadata']['labels'][HASH][:6]}"
        renamed[one["metadata"]["labels"][HASH]] = pod_hash
        one["metadata"] |= {"name": f"web-{pod_hash}", "labels": {"app": "web", HASH: pod_hash}}
        template = one["spec"]["template"]
        template["metadata"]["labels"][HASH] = pod_hash
        template["spec"] |= {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "securityContext": {}}
        template["spec"]["containers"][0] |= {"imagePullPolicy": "IfNotPresent", "resources": {}}
        world.objects[Ref("apps", "ReplicaSet", one["metadata"]["name"])] = one
    for name in ("stableRS", "currentPodHash"):
        world.status[name] = renamed[world.status[name]]
    before = (dict(world.sets()), world.status["currentStepIndex"], set(world.objects))
    assert world.settle() == 0, "nothing is to be done"
    assert (world.sets(), world.status["currentStepIndex"], set(world.objects)) == before
    world.later(11)
    assert world.status["currentStepIndex"] == 3


def test_pods_are_restarted_a_few_at_a_time() -> None:
    world = canary([], replicas=4)
    name = next(ref.name for ref in world.objects if ref.kind == "ReplicaSet")
    for number in range(4):
        world.objects[Ref("", "Pod", f"{name}-{number}")] = pod(f"{name}-{number}")
    world.now += timedelta(minutes=1)
    do_restart(world)
    world.turn()
    assert len([ref for ref in world.objects if ref.kind == "Pod"]) == 3, "one may be unavailable"
    assert "restartedAt" not in world.status
    for number in range(4, 8):
        world.objects[Ref("", "Pod", f"{name}-{number}")] = pod(f"{name}-{number}", "2026-01-01T00:02:00Z")
    for _ in range(6):
        world.turn()
    assert world.status["restartedAt"] == "2026-01-01T00:01:00Z"


def do_restart(world: World) -> None:
    world.patch({"spec": dict(patches("restart", world.seen().rollout, world.now).spec or {})})


def pod(name: str, created: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": created}
    return {"metadata": {"name": name, "creationTimestamp": created}, "status": {"conditions": [ready]}}


def test_behind_a_router_the_old_version_stays_for_its_delay() -> None:
    routing = {"nginx": {"stableIngress": "web"}}
    services = {"canaryService": "new", "stableService": "old"}
    world = World(
        rollout_body({"canary": {"steps": [{"setWeight": 25}, {"pause": {}}], "trafficRouting": routing, **services}})
    )
    for name in ("new", "old"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.objects[Ref("networking.k8s.io", "Ingress", "web")] = ingress()
    world.settle()
    assert weight(world) == "0"
    world.image("app:2")
    world.settle()
    assert (world.sets(), weight(world)) == ({"app:1": 4, "app:2": 1}, "25")
    assert world.status["canary"]["weights"]["canary"]["weight"] == 25
    do(world, "promote")
    assert (world.sets(), weight(world)) == ({"app:1": 4, "app:2": 4}, "0"), "canary is stable now"
    old = next(one for ref, one in world.objects.items() if ref.kind == "ReplicaSet" and "app:1" in str(one["spec"]))
    assert old["metadata"]["annotations"][DEADLINE] == "2026-01-01T00:00:30Z"
    world.later(31)
    assert world.sets() == {"app:2": 4}


def ingress() -> dict[str, Any]:
    backend = {"service": {"name": "old", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    return {"metadata": {"name": "web"}, "spec": {"rules": [{"host": "shop", "http": {"paths": paths}}]}}


def weight(world: World) -> str:
    found = world.objects[Ref("networking.k8s.io", "Ingress", "web-web-canary")]
    return str(found["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"])


def test_aborted_behind_a_router_no_traffic_goes_where_no_pod_is() -> None:
    routing = {"nginx": {"stableIngress": "web"}}
    services = {"canaryService": "new", "stableService": "old"}
    world = World(
        rollout_body({"canary": {"steps": [{"setWeight": 50}, {"pause": {}}], "trafficRouting": routing, **services}})
    )
    for name in ("new", "old"):
        world.objects[SERVICE(name)] = {"metadata": {"name": name}, "spec": {"selector": {"app": "web"}}}
    world.objects[Ref("networking.k8s.io", "Ingress", "web")] = ingress()
    world.settle()
    world.ready = lambda one: 0 if "app:2" in str(one) else one["spec"]["replicas"]
    world.image("app:2")
    world.settle()
    assert weight(world) == "0", "its pods are not there yet"
    world.ready = None
    world.settle()
    assert weight(world) == "50"
    do(world, "abort")
    assert (weight(world), world.sets()) == ("0", {"app:1": 4, "app:2": 2}), "it goes 30 s later"
    world.later(31)
    assert world.sets() == {"app:1": 4}
