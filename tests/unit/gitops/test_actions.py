"""Resource actions: every one stands odd objects, settings go before what is shipped, scripts act as Argo's do."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest

from argosy.errors import ArgosyError, EvaluationError, NotFound, Unsupported
from argosy.gitops.actions import Call, Impact, Offer, offers, run
from argosy.gitops.actions.registry import ACTIONS, actions_of

NOW = datetime(2026, 11, 29, 8, 5, 3, tzinfo=UTC)
ODD: list[dict[str, Any]] = [
    {},
    {"status": None, "spec": None, "metadata": None},
    {"status": {}, "spec": {}, "metadata": {}},
    {"status": [], "spec": "x", "metadata": {"annotations": 1, "labels": [], "ownerReferences": {}}},
    {"status": {"conditions": None, "pauseConditions": None, "instancesStatus": {"healthy": None}}},
    {"status": {"conditions": [None, 1, {}], "currentStepIndex": None}, "spec": {"lifecycle": None, "strategy": None}},
]
KINDS = [(*key.split("/"),) for key in sorted(ACTIONS)]


def body(group: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": f"{group}/v1", "kind": kind, "metadata": {"name": "it", "namespace": "ns"}, **more}


DEPLOYMENT = body("apps", "Deployment", spec={"replicas": 2, "template": {"spec": {"containers": [], "volumes": []}}})


@pytest.mark.parametrize(("group", "kind"), KINDS)
def test_every_action_stands_odd_objects(group: str, kind: str) -> None:
    for odd in ODD:
        obj = {**body(group, kind), **odd}
        before = deepcopy(obj)
        assert [one.name for one in offers(obj)] == sorted(one.name for one in offers(obj))
        for name in actions_of(group, kind):
            try:
                impacts = run(obj, name, Call(NOW))
            except ArgosyError:
                continue
            assert [one.operation in ("patch", "create") for one in impacts] == [True]
        assert obj == before, "the object that was given stays as it was"


def test_every_module_of_actions_is_in_the_map() -> None:
    folder = files("argosy.gitops.actions.groups")
    modules = {one.name.removesuffix(".py") for one in folder.iterdir() if one.name.endswith(".py")} - {"__init__"}
    assert {place.partition(":")[0] for place in ACTIONS.values()} == modules


def scaled(parameters: Mapping[str, str]) -> Any:
    (impact,) = run(DEPLOYMENT, "scale", Call(NOW, parameters))
    return impact.object["spec"]["replicas"]


@pytest.mark.parametrize(("text", "replicas"), [("5", 5), (" 0 ", 0)])
def test_scaling(text: str, replicas: int) -> None:
    assert scaled({"replicas": text}) == replicas


@pytest.mark.parametrize(
    "parameters", [{}, {"replicas": ""}, {"replicas": "-1"}, {"replicas": "1.5"}, {"replicas": "٣"}]
)
def test_scaling_to_what_is_no_number(parameters: dict[str, str]) -> None:
    with pytest.raises(EvaluationError, match="must be a whole number"):
        scaled(parameters)


def test_what_is_created_is_owned_and_named_after_the_minute() -> None:
    spec = {"jobTemplate": {"metadata": {"labels": {"a": "b"}}, "spec": {"template": {}}}}
    cron = body("batch", "CronJob", spec=spec)
    cron["metadata"]["uid"] = "u-1"
    (impact,) = run(cron, "create-job", Call(NOW))
    assert (impact.operation, impact.object["kind"], impact.object["spec"]) == ("create", "Job", {"template": {}})
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "it", "uid": "u-1"}
    assert impact.object["metadata"] == {
        "name": "it-202611290805",
        "namespace": "ns",
        "labels": {"a": "b"},
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [{**owner, "blockOwnerDeletion": True, "controller": True}],
    }


def test_an_action_that_nobody_has() -> None:
    with pytest.raises(NotFound, match="apps/Deployment has no action 'explode'; it has pause, restart, resume, scale"):
        run(DEPLOYMENT, "explode", Call(NOW))
    with pytest.raises(NotFound, match="it has none"):
        run({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, "restart", Call(NOW))


def test_deleting_is_no_action() -> None:
    with pytest.raises(Unsupported):
        run(body("numaflow.numaproj.io", "Pipeline"), "delete", Call(NOW))


def resumed(allowed: str | None) -> list[str]:
    obj = body("numaflow.numaproj.io", "Pipeline", spec={"lifecycle": {"desiredPhase": "Paused"}})
    obj["metadata"]["annotations"] = {"numaflow.numaproj.io/allowed-resume-strategies": allowed}
    return [one.name for one in offers(obj) if one.name.startswith("unpause") and not one.disabled]


def test_how_a_pipeline_may_go_on() -> None:
    assert resumed(None) == ["unpause-gradual"]
    assert resumed("slow") == ["unpause-gradual"]
    assert resumed("fast") == ["unpause-fast"]
    assert resumed("slow, fast") == ["unpause-fast", "unpause-gradual"]


# Settings

ENTRY = """
discovery.lua: |
  local actions = {}
  actions["mark"] = {displayName = "Mark it", iconClass = "fa fa-x", params = {{name = "as", default = "x"}}}
  actions["restart"] = {disabled = true}
  actions["odd"] = "no table"
  return actions
definitions:
- name: mark
  action.lua: |
    local os = require("os")
    obj.metadata.annotations = {by = actionParams["as"], year = tostring(#os.date("!%Y"))}
    return obj
- name: both
  action.lua: |
    return {{operation = "patch", resource = obj}, {operation = "create", resource = {kind = "ConfigMap", data = {}}}}
- {name: wrong, action.lua: 'return {{operation = "delete", resource = obj}}'}
- {name: fails, action.lua: 'error("not today")'}
"""
MINE = Offer("mark", display_name="Mark it", icon="fa fa-x", parameters=({"name": "as", "default": "x"},))
OVERRIDES = {"apps/Deployment": {"actions": ENTRY}}
MERGED = {"apps/Deployment": {"actions": f"mergeBuiltinActions: true\n{ENTRY}"}}


def test_offers_of_settings_replace_those_that_are_shipped() -> None:
    assert offers(DEPLOYMENT, OVERRIDES) == [MINE, Offer("restart", disabled=True)]


def test_or_go_with_them() -> None:
    found = offers(DEPLOYMENT, MERGED)
    assert [one.name for one in found] == ["mark", "pause", "restart", "resume", "scale"]
    assert found[2] == Offer("restart", disabled=True), "settings know better"


def test_a_script_changes_the_object_and_keeps_its_empty_lists() -> None:
    (impact,) = run(DEPLOYMENT, "mark", Call(NOW, {"as": "me"}), OVERRIDES)
    expected = deepcopy(DEPLOYMENT)
    expected["metadata"]["annotations"] = {"by": "me", "year": "4"}
    assert impact == Impact("patch", expected)


def test_a_script_may_return_several_objects() -> None:
    created = Impact("create", {"kind": "ConfigMap", "data": {}})
    assert run(DEPLOYMENT, "both", Call(NOW), OVERRIDES) == [Impact("patch", DEPLOYMENT), created]


def test_what_settings_do_not_define_is_shipped() -> None:
    (impact,) = run(DEPLOYMENT, "restart", Call(NOW), OVERRIDES)
    notes = impact.object["spec"]["template"]["metadata"]["annotations"]
    assert notes == {"kubectl.kubernetes.io/restartedAt": "2026-11-29T08:05:03Z"}


@pytest.mark.parametrize(
    ("name", "told"), [("wrong", r"operation \(create or patch\)"), ("fails", "not today"), ("none", "no action")]
)
def test_scripts_that_cannot(name: str, told: str) -> None:
    with pytest.raises(ArgosyError, match=told):
        run(DEPLOYMENT, name, Call(NOW), OVERRIDES)


@pytest.mark.parametrize("entry", ["- a", "discovery.lua: 'return {1, 2}'", "discovery.lua: 'return'", "{"])
def test_entries_that_cannot_be_read(entry: str) -> None:
    with pytest.raises(ArgosyError):
        offers(DEPLOYMENT, {"apps/Deployment": {"actions": entry}})
