"""What is wanted, with the live values of what does not count."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.gitops.diff.ignored import IgnoreRules
from argosy.gitops.diff.respecting import keeping, kept_keys, respected, yielding
from argosy.gitops.settings import Settings
from argosy.resources.application import IgnoreDifference

type Json = dict[str, Any]


class NoJq:
    def check(self, program: str) -> None:
        raise EvaluationError(program)

    def first(self, program: str, document: str) -> str:
        raise EvaluationError(program + document)


def rules(*pointers: str) -> IgnoreRules:
    one = IgnoreDifference(group="*", kind="*", json_pointers=pointers)
    return IgnoreRules([one], Settings().overrides, NoJq())


def thing(api_version: str, kind: str, **more: Any) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **more}


def deployment(replicas: int | None, *images: str) -> Json:
    containers = [{"name": f"c{place}", "image": image} for place, image in enumerate(images)]
    spec: Json = {"template": {"spec": {"containers": containers}}}
    return thing("apps/v1", "Deployment", spec=spec | ({} if replicas is None else {"replicas": replicas}))


@pytest.mark.parametrize(
    ("pointers", "target", "live", "found"),
    [
        (["/spec/replicas"], deployment(1, "x:1"), deployment(5, "x:0"), deployment(5, "x:1")),
        (["/spec/replicas"], deployment(None, "x:1"), deployment(5, "x:0"), deployment(5, "x:1")),
        (["/spec/replicas"], deployment(1, "x:1"), deployment(None, "x:0"), deployment(None, "x:1")),
        ([], deployment(1, "x:1"), deployment(5, "x:0"), deployment(1, "x:1")),
        (
            ["/spec/template/spec/containers/1/image"],
            deployment(1, "x:1", "y:1"),
            deployment(1, "x:0", "y:0"),
            deployment(1, "x:1", "y:0"),
        ),
        (
            ["/spec/size"],
            thing("example.com/v1", "Disk", spec={"size": 1, "kind": "new"}),
            thing("example.com/v1", "Disk", spec={"size": 9, "kind": "old"}, status={"phase": "Ready"}),
            thing("example.com/v1", "Disk", spec={"size": 9, "kind": "new"}),
        ),
    ],
)
def test_live_values_take_the_place_of_those_that_do_not_count(
    pointers: list[str], target: Json, live: Json, found: Json
) -> None:
    assert respected(target, live, rules(*pointers)) == found


def test_a_status_is_not_taken_along() -> None:
    live = deployment(1, "x:1") | {"status": {"replicas": 1}}
    assert "status" not in respected(deployment(1, "x:1"), live, rules())
    wanted = thing("example.com/v1", "Disk", status={"phase": "wanted"})
    there = thing("example.com/v1", "Disk", status={"phase": "live"})
    assert respected(wanted, there, rules())["status"] == {"phase": "wanted"}


HASHED = thing("v1", "Secret", data={"a": "aGFzaA==", "b": "aGFzaA=="})


@pytest.mark.parametrize(
    ("pointers", "kept"), [([], []), (["/data/a"], ["a"]), (["/data"], ["a", "b", "c"]), (["/data/other"], [])]
)
def test_values_of_secrets_are_kept_by_their_keys(pointers: list[str], kept: list[str]) -> None:
    wanted = thing("v1", "Secret", data={"a": "MQ=="}, stringData={"c": "3"})
    assert kept_keys(wanted, HASHED, rules(*pointers)) == kept
    made = respected(wanted, HASHED, rules(*pointers))
    assert (made["data"], made["stringData"]) == ({"a": "MQ=="}, {"c": "3"})
    assert kept_keys(thing("v1", "ConfigMap", data={"a": "1"}), HASHED, rules(*pointers)) == []


def test_a_kept_key_is_as_it_lives_and_one_that_is_gone_stays_away() -> None:
    wanted = thing("v1", "Secret", data={"a": "MQ=="}, stringData={"c": "3", "d": "4"})
    live = thing("v1", "Secret", data={"a": "bGl2ZQ==", "b": "bGl2ZQ=="})
    assert keeping(wanted, live, ["a", "b", "c"]) == thing(
        "v1", "Secret", data={"a": "bGl2ZQ==", "b": "bGl2ZQ==", "d": "NA=="}
    )


def test_fields_of_others_are_as_they_live() -> None:
    live = deployment(5, "x:0") | {"status": {"replicas": 5}}
    fields: Json = {"f:spec": {"f:replicas": {}}}
    live["metadata"]["managedFields"] = [{"manager": "hpa", "operation": "Update", "fieldsV1": fields}]
    assert yielding(deployment(1, "x:1"), live, ["hpa"]) == deployment(5, "x:1")
    assert yielding(deployment(1, "x:1"), live, ["another"]) == deployment(1, "x:1")
    assert yielding(deployment(1, "x:1"), live, []) == deployment(1, "x:1")
