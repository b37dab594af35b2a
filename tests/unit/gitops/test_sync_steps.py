"""The steps of a sync: waves, hooks, pruning, failures, and what is the same whenever the controller is killed."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import operation, pruning
from argosy.gitops.sync.building import ATTEMPT
from argosy.resources.application import Application
from argosy.resources.application_operation import NamespaceMetadata, OperationState
from support.syncworld import START, World, thing

OK = ("Synced", "Succeeded")
APPLIED = ("Synced", "Running")
HOOK = ("", "Succeeded")


def test_a_plain_sync_does_not_wait_for_health() -> None:
    world = World([thing("Deployment", "d"), thing("ConfigMap", "c")], health={"d": "Progressing"})
    made = world.run()
    assert (made.phase, made.message) == ("Succeeded", "successfully synced (all tasks run)")
    assert world.results() == {"Sync c": APPLIED, "Sync d": APPLIED}
    assert world.done == ["apply c", "apply d"]


def test_nothing_to_do() -> None:
    assert World([]).run().message == "successfully synced (no more tasks)"


def test_a_dry_run_fails_before_anything_changes() -> None:
    world = World([thing("ConfigMap", "dry"), thing("ConfigMap", "c")], broken={"dry"})
    made = world.run()
    assert (made.phase, made.message) == (
        "Failed",
        "one or more objects failed to apply (dry run), reason: dry is broken",
    )
    assert world.results() == {"Sync dry": ("SyncFailed", "Failed")}
    assert world.done == []


def test_an_operation_that_is_a_dry_run() -> None:
    world = World([thing("ConfigMap", "c")], {"dryRun": True, "prune": True}, extra=[Key("", "Secret", "n", "old")])
    world.there(thing("Secret", "old"))
    assert world.run().phase == "Succeeded"
    assert world.results() == {"Sync c": OK, "Sync old": ("Pruned", "Succeeded")}
    assert world.done == []


def test_waves_wait_for_health_and_for_a_pause() -> None:
    world = World([thing("Deployment", "d"), thing("ConfigMap", "c", wave="1")], health={"d": "Progressing"})
    made = world.run(lambda made: made.not_before is not None)
    assert made.not_before == world.now + timedelta(seconds=2)
    assert world.turn().due == made.not_before
    made = world.run(lambda made: "healthy state" in made.message and made.not_before is None)
    assert made.message == "waiting for healthy state of apps/Deployment/d"
    assert world.done == ["apply d"]
    world.health["d"] = "Healthy"
    assert world.run().phase == "Succeeded"
    assert world.done == ["apply d", "apply c"]
    assert world.results() == {"Sync d": OK, "Sync c": APPLIED}


def test_a_wave_that_degrades() -> None:
    world = World([thing("Deployment", "d"), thing("ConfigMap", "c", wave="1")], health={"d": "Degraded"})
    made = world.run()
    assert (made.phase, made.message) == ("Failed", "one or more synchronization tasks completed unsuccessfully")
    assert world.done == ["apply d"]


def test_what_is_gone_while_it_is_waited_for() -> None:
    world = World([thing("Deployment", "d"), thing("ConfigMap", "c", wave="1")], health={"d": "Progressing"})
    world.run(lambda made: made.not_before is not None)
    world.cluster.clear()
    assert world.run().phase == "Failed"
    assert world.results()["Sync d"] == ("Synced", "Error")


@pytest.mark.parametrize("there", [True, False])
def test_what_is_not_seen_yet_is_waited_for(there: bool) -> None:
    world = World([thing("Deployment", "d"), thing("ConfigMap", "c", wave="1")])
    world.unseen = {Key("apps", "Deployment", "n", "d")}
    world.run(lambda made: made.not_before is not None)
    kept = dict(world.cluster)
    if not there:
        world.cluster.clear()
    world.run(turns=6)
    assert world.results() == {"Sync d": APPLIED}
    world.cluster, world.unseen = kept, set()
    assert world.run().phase == "Succeeded"


def test_what_is_not_seen_to_go_is_waited_for() -> None:
    world = _pruning()
    world.targets.append(thing("ConfigMap", "z", wave="3"))
    old = Key("", "Secret", "n", "old")
    stale = world.cluster[old]
    world.run(lambda made: made.not_before is not None)
    world.cluster[old], world.unseen = stale, {old}
    assert world.run(turns=6).message == "waiting for deletion of /Secret/old"
    del world.cluster[old]
    assert world.run().phase == "Succeeded"


def test_one_that_fails_stops_no_other_of_its_wave() -> None:
    targets = [thing("ConfigMap", "a"), thing("Deployment", "d"), thing("ConfigMap", "z", wave="1")]
    world = World(targets, broken={"a"})
    made = world.run()
    assert (made.phase, made.message) == ("Failed", "one or more objects failed to apply, reason: a is broken")
    assert world.results() == {"Sync a": ("SyncFailed", "Failed"), "Sync d": APPLIED}


def _hooked(**more: str) -> list[dict[str, Any]]:
    return [
        thing("Job", "before", hook="PreSync", **more),
        thing("ConfigMap", "c"),
        thing("Deployment", "d", wave="2"),
        thing("Job", "after", hook="PostSync", **more),
        thing("Job", "failing", hook="SyncFail", **more),
    ]


def test_hooks_run_in_their_phases() -> None:
    world = World(_hooked())
    assert world.run().message == "successfully synced (no more tasks)"
    assert world.results() == {
        "PreSync before": HOOK,
        "Sync c": OK,
        "Sync d": OK,
        "PostSync after": HOOK,
    }
    applied = [one for one in world.done if one.startswith("apply")]
    assert applied == ["apply before", "apply c", "apply d", "apply after"]
    job = world.cluster[Key("batch", "Job", "n", "before")]["metadata"]
    assert job["annotations"][ATTEMPT] == "2024-05-01T12:00:00Z/0/PreSync"
    assert HOOK_FINALIZER not in job["finalizers"]


def test_a_hook_that_runs_is_waited_for() -> None:
    world = World(_hooked(), health={"before": "Progressing"})
    made = world.run(lambda made: made.message.startswith("waiting for completion") and made.not_before is None)
    assert made.message == "waiting for completion of hook batch/Job/before"
    assert made.due == world.now + timedelta(seconds=30)


def test_a_hook_that_fails_calls_those_of_sync_fail() -> None:
    world = World(_hooked(policy="HookFailed"), health={"before": "Degraded"})
    made = world.run()
    assert (made.phase, made.message) == ("Failed", "one or more synchronization tasks completed unsuccessfully")
    assert world.results() == {"PreSync before": ("", "Failed"), "SyncFail failing": HOOK}
    assert world.cluster == {}


@pytest.mark.parametrize(
    ("policy", "left"), [("HookSucceeded", []), ("HookFailed", ["after", "before"]), ("", ["after", "before"])]
)
def test_hooks_are_deleted_when_they_say(policy: str, left: list[str]) -> None:
    world = World(_hooked(**({"policy": policy} if policy else {})))
    world.run()
    assert sorted(key.name for key in world.cluster if key.kind == "Job") == left


def test_an_old_hook_makes_way() -> None:
    world = World([thing("Job", "before", hook="PreSync"), thing("ConfigMap", "c")])
    old = thing("Job", "before", hook="PreSync")
    old["metadata"]["finalizers"] = [HOOK_FINALIZER]
    world.there(old)
    assert world.run().phase == "Succeeded"
    assert world.done[:3] == ["release before", "delete before", "apply before"]
    assert world.made["before"] == 1


def test_an_old_hook_that_does_not_go_is_waited_for() -> None:
    world = World([thing("Job", "before", hook="PreSync")])
    old = thing("Job", "before", hook="PreSync")
    old["metadata"]["finalizers"] = ["somebody/else"]
    world.there(old)
    made = world.run(turns=8)
    assert (made.phase, made.message) == ("Running", "waiting for deletion of hook batch/Job/before")
    assert world.done == ["delete before"]


def test_a_hook_of_a_generated_name() -> None:
    hook = thing("Job", "", hook="PreSync")
    hook["metadata"] = {"generateName": "migrate-", "annotations": hook["metadata"]["annotations"], "namespace": "n"}
    world = World([hook])
    world.run()
    assert list(world.made) == [f"migrate-abcdef0-presync-{int(START.timestamp())}"]


def _pruning(**annotations: str) -> World:
    world = World(
        [thing("ConfigMap", "c")],
        {"prune": True},
        extra=[Key("", "Secret", "n", "old"), Key("", "Service", "n", "web")],
    )
    world.there(thing("Secret", "old", **annotations))
    world.there(thing("Service", "web"))
    return world


def test_pruning() -> None:
    world = _pruning()
    assert world.run().phase == "Succeeded"
    assert world.done == ["delete old", "delete web", "apply c"]
    assert world.results()["Sync old"] == ("Pruned", "Succeeded")


def test_what_is_kept_from_pruning() -> None:
    world = _pruning(options="Prune=false")
    world.run()
    assert world.results()["Sync old"] == ("PruneSkipped", "Succeeded")
    assert world.done == ["delete web", "apply c"]


def test_without_pruning_it_is_told() -> None:
    world = _pruning()
    world.state["operation"]["sync"]["prune"] = False
    assert world.run().phase == "Succeeded"
    assert world.done == ["apply c"]
    assert world.results()["Sync old"] == ("PruneSkipped", "Succeeded")


def test_pruning_that_fails_stops_the_wave() -> None:
    world = _pruning()
    world.broken = {"old"}
    made = world.run()
    assert (made.phase, made.message) == ("Failed", "one or more objects failed to apply, reason: it does not go")
    assert "apply c" not in world.done


def test_pruning_that_waits_for_a_word() -> None:
    world = _pruning(options="Prune=confirm")
    made = world.run(turns=5)
    assert (made.phase, made.message) == ("Running", "waiting for pruning confirmation of /Secret/old")
    assert world.done == []
    world.annotations[pruning.APPROVED] = "2024-05-01T12:00:00Z"
    assert world.run().phase == "Succeeded"


def test_objects_that_go_are_waited_for() -> None:
    world = _pruning()
    world.targets.append(thing("ConfigMap", "z", wave="3"))
    world.cluster[Key("", "Secret", "n", "old")]["metadata"]["finalizers"] = ["somebody/else"]
    made = world.run(lambda made: made.message.startswith("waiting for deletion"))
    assert made.message == "waiting for deletion of /Secret/old"
    assert "apply z" not in world.done
    del world.cluster[Key("", "Secret", "n", "old")]
    assert world.run().phase == "Succeeded"
    assert world.done[-1] == "apply z"


def test_the_namespace_is_made_first() -> None:
    world = World([thing("ConfigMap", "c")], {"syncOptions": ["CreateNamespace=true"]})
    assert world.run().phase == "Succeeded"
    assert world.done == ["apply n", "apply c"]
    again = World([thing("ConfigMap", "c")], {"syncOptions": ["CreateNamespace=true"]}, cluster=world.cluster)
    again.run()
    assert again.done == ["apply c"]
    managed = World(
        [thing("ConfigMap", "c")],
        {"syncOptions": ["CreateNamespace=true"]},
        cluster=world.cluster,
        managed=NamespaceMetadata(labels={"a": "b"}),
    )
    managed.run()
    assert managed.done == ["server-side n", "apply c"]


@pytest.mark.parametrize(
    ("chosen", "options", "annotation", "live", "manner"),
    [
        ("ConfigMap", [], "", False, "apply"),
        ("ConfigMap", ["ServerSideApply=true"], "", False, "server-side"),
        ("ConfigMap", ["ServerSideApply=true"], "ServerSideApply=false", False, "apply"),
        ("ConfigMap", ["ServerSideApply=true", "Replace=true"], "", True, "replace"),
        ("ConfigMap", [], "Replace=true", False, "create"),
        ("Namespace", ["Replace=true"], "", True, "update"),
    ],
)
def test_how_objects_are_applied(chosen: str, options: list[str], annotation: str, live: bool, manner: str) -> None:
    target = thing(chosen, "x", "", **({"options": annotation} if annotation else {}))
    world = World([target], {"syncOptions": options})
    if live:
        world.there(target)
    world.run()
    assert world.done == [f"{manner} x"]


def test_what_is_as_it_should_be_is_left_out() -> None:
    world = World([thing("ConfigMap", "a"), thing("ConfigMap", "b")], {"syncOptions": ["ApplyOutOfSyncOnly=true"]})
    world.there(thing("ConfigMap", "a"))
    world.there(thing("ConfigMap", "b"))
    world.differing = {Key("", "ConfigMap", "n", "b")}
    world.run()
    assert world.done == ["apply b"]


def test_a_selective_sync_leaves_hooks_out() -> None:
    world = World([*_hooked(), thing("ConfigMap", "other")], {"resources": [{"kind": "ConfigMap", "name": "c"}]})
    world.run()
    assert world.done == ["apply c"]


def test_what_may_not_be_synced() -> None:
    target = thing("ConfigMap", "c")
    made = World([target], refused={key_of(target): "not permitted"}).run()
    expected = "one or more synchronization tasks are not valid, reason: not permitted"
    assert (made.phase, made.message) == ("Failed", expected)


@pytest.mark.parametrize(("options", "phase"), [("", "Failed"), ("SkipDryRunOnMissingResource=true", "Succeeded")])
def test_a_kind_that_is_not_served_yet(options: str, phase: str) -> None:
    target = {"apiVersion": "x/v1", "kind": "Y"} | {"metadata": thing("Y", "y", options=options)["metadata"]}
    assert World([target], unserved={("x", "Y")}).run().phase == phase


def test_a_kind_that_comes_with_the_sync() -> None:
    target = {"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "y", "namespace": "n"}}
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "ys.x"}}
    crd |= {"spec": {"group": "x", "names": {"kind": "Y"}}}
    world = World([target, crd], unserved={("x", "Y")})
    assert world.run().phase == "Succeeded"
    assert world.done == ["apply ys.x", "apply y"]


def test_retries() -> None:
    world = World(_hooked(), health={"before": "Degraded"}, retry={"limit": 2, "backoff": {"duration": "10s"}})
    world.run(lambda _: "finishedAt" in world.state)
    assert world.state["phase"] == "Running"
    assert world.state["message"].endswith("Retrying attempt #1 at 12:00PM.")
    world.resume()
    assert world.state["message"] == "Retrying operation. Attempt #1"
    world.health["before"] = "Healthy"
    assert world.run().phase == "Succeeded"
    assert world.made["before"] == 2
    state = OperationState.model_validate(world.state)
    assert operation.goes_into_history(state)
    app = Application.of({"spec": {}})
    assert operation.history_entry(app, world.state)["revision"] == "abcdef0123456789"


def test_retries_end() -> None:
    world = World([thing("ConfigMap", "c")], broken={"c"}, retry={"limit": 1})
    world.run(lambda _: "finishedAt" in world.state)
    world.resume()
    world.run()
    assert world.state["phase"] == "Failed"
    assert world.state["message"].endswith("reason: c is broken (retried 1 times).")


def test_terminating() -> None:
    world = World(_hooked(), health={"before": "Progressing"}, retry={"limit": 5})
    world.run(lambda made: made.not_before is not None)
    late = operation.next_of(
        OperationState.model_validate(world.state), START + timedelta(hours=1), timedelta(minutes=5)
    )
    assert late.what == "terminate"
    world.state = operation.terminating(world.state)
    made = world.run()
    assert (made.phase, made.message) == ("Failed", "Operation terminated")
    assert world.state["phase"] == "Failed"
    assert world.cluster == {}


def _everything() -> World:
    """A sync with all that there is: hooks old and new, waves, pruning, several kinds."""
    world = World(
        [
            *_hooked(),
            thing("Job", "middle", hook="Sync", wave="1", policy="HookSucceeded"),
            thing("Secret", "s", wave="-1"),
            thing("Service", "w", wave="2"),
        ],
        {"prune": True, "syncOptions": ["CreateNamespace=true"]},
        extra=[Key("", "Secret", "n", "old"), Key("", "Service", "n", "web")],
    )
    world.there(thing("Secret", "old"))
    world.there(thing("Service", "web", wave="1"))
    before = thing("Job", "before", hook="PreSync")
    before["metadata"]["finalizers"] = [HOOK_FINALIZER]
    world.there(before)
    return world


def _points(world: World) -> int:
    world.run()
    return world.points


@pytest.mark.parametrize("point", range(1, _points(_everything()) + 1))
def test_it_ends_the_same_wherever_it_was_killed(point: int) -> None:
    calm, killed = _everything(), _everything()
    calm.run()
    killed.crashes = {point}
    made = killed.run()
    assert (made.phase, made.message) == ("Succeeded", "successfully synced (no more tasks)")
    assert killed.results() == calm.results()
    assert sorted(map(str, killed.cluster)) == sorted(map(str, calm.cluster))
    assert killed.made == calm.made
    assert {killed.made[name] for name in ("before", "middle", "after")} == {1}


@pytest.mark.parametrize("seed", range(40))
def test_it_ends_the_same_however_often_it_was_killed(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    calm, killed = _everything(), _everything()
    calm.run()
    killed.crashes = {point for point in range(300) if chance.random() < 0.15}
    made = killed.run(turns=1000)
    assert made.phase == "Succeeded"
    assert killed.results() == calm.results()
    assert killed.made == calm.made


def _failing() -> World:
    world = _everything()
    world.health["middle"] = "Degraded"
    return world


@pytest.mark.parametrize("point", range(1, _points(_failing()) + 1))
def test_it_fails_the_same_wherever_it_was_killed(point: int) -> None:
    calm, killed = _failing(), _failing()
    calm.run()
    killed.crashes = {point}
    made = killed.run()
    assert made.phase == "Failed"
    assert killed.results() == calm.results()
    assert killed.made == calm.made
    assert killed.made["failing"] == 1
    assert killed.made["after"] == 0


def test_a_label_that_the_namespace_is_not_to_carry_any_more_is_taken_away_by_the_server() -> None:
    """As `sync_namespace.go` has it: applied server-side at each sync, whatever the namespace carries."""
    world = World(
        [thing("ConfigMap", "a")],
        {"syncOptions": ["CreateNamespace=true"]},
        managed=NamespaceMetadata(labels={"a": "b"}),
    )
    there = thing("Namespace", "n", "")
    there["metadata"]["labels"] = {"a": "b", "istio-injection": "enabled"}
    world.there(there)
    assert world.run().phase == "Succeeded"
    assert world.done == ["server-side n", "apply a"]


def test_a_hook_of_several_phases_runs_in_each() -> None:
    world = World([thing("Job", "both", hook="PreSync,PostSync"), thing("ConfigMap", "a")], health={"both": "Healthy"})
    assert world.run().phase == "Succeeded"
    assert [one for one in world.done if one.startswith("apply")] == ["apply both", "apply a", "apply both"]
    assert world.results() == {"PreSync both": HOOK, "Sync a": OK, "PostSync both": HOOK}


@pytest.mark.parametrize(
    ("sync", "retry", "wanted"),
    [
        ({}, {}, {"revision": "c1"}),
        ({"revision": "main"}, {}, {"revision": "c1"}),
        ({"revision": "main"}, {"refresh": True}, {}),
        ({"prune": True}, {}, {"prune": True, "revision": "c1"}),
    ],
)
def test_a_retry_is_of_the_commit_of_the_first_attempt(
    sync: dict[str, Any], retry: dict[str, Any], wanted: dict[str, Any]
) -> None:
    state = {"operation": {"sync": sync, "retry": retry}, "syncResult": {"revision": "c1", "resources": []}}
    again = operation.resumed(state)
    assert (again["operation"]["sync"], "syncResult" in again) == (wanted, False)
