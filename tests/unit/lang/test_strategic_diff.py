"""Strategic merge patches made from two objects: applied, they lead from one to the other; three of them, as apply does."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.lang.patch import create_strategic_patch, strategic_merge_patch, three_way_patches
from argosy.lang.patch.types import TYPES, Type

POD = TYPES["Pod"]
SERVICE = TYPES["Service"]
A, B, C = ({"name": name, "image": "i"} for name in "abc")
TCP, UDP = {"port": 53, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}


def pod(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers), **spec}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pod(A), pod(A)),
        (pod(A), pod(A, B)),
        (pod(A, B), pod(B)),
        (pod(A, B), pod(B, A)),
        (pod(A, B, C), pod(C, A | {"image": "other"})),
        (pod(A, nodeName="x"), pod(A)),
        (pod(A, nodeSelector={"a": "1"}), pod(A, nodeSelector={"b": "2"})),
        (pod(A, tolerations=[{"key": "a"}]), pod(A, tolerations=[])),
        ({"metadata": {"finalizers": ["a", "b"]}}, {"metadata": {"finalizers": ["c", "a"]}}),
        ({"spec": {"a": 1}}, {"spec": {"a": "1"}}),
        ({}, pod(A)),
    ],
)
def test_a_patch_leads_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = create_strategic_patch(before, after, POD)
    assert strategic_merge_patch(before, patch, POD) == after
    assert (patch == {}) == (before == after)


UNION = Type({"spec": Type({"strategy": Type(retain=True), "selector": Type(whole=True)})})


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({"strategy": {"type": "A", "a": 1}}, {"strategy": {"type": "B"}}, {"strategy": {"type": "B", "a": None}}),
        ({"strategy": {"type": "A"}}, {"strategy": {"type": "A"}}, {}),
        ({"selector": {"a": 1}}, {"selector": {"b": 1}}, {"selector": {"b": 1}}),
    ],
)
def test_unions_and_wholes(before: Any, after: Any, patch: dict[str, Any]) -> None:
    found = create_strategic_patch({"spec": before}, {"spec": after}, UNION).get("spec", {})
    kept = found.get("strategy", {}).pop("$retainKeys", None)
    assert found == patch
    assert kept == (["type"] if "strategy" in patch else None)
    made = create_strategic_patch({"spec": before}, {"spec": after}, UNION)
    assert strategic_merge_patch({"spec": before}, made, UNION) == {"spec": after}


@pytest.mark.parametrize(
    ("original", "modified", "live", "expected"),
    [
        (pod(A), pod(A), pod(A, B), pod(A, B)),  # injected
        (pod(A, B), pod(A), pod(A, B), pod(A)),  # removed
        (pod(A, B), pod(A), pod(C, A, B), pod(C, A)),
        (pod(A), pod(A, B), pod(A, C), pod(A, B, C)),
        (pod(A), pod(A), pod(A | {"image": "drifted", "tty": True}), pod(A | {"tty": True})),
        (pod(A, nodeName="x"), pod(A), pod(A, nodeName="x", hostname="h"), pod(A, hostname="h")),
        (pod(A, nodeSelector={"a": "1"}), pod(A), pod(A, nodeSelector={"a": "1", "b": "2"}), pod(A)),
    ],
)
def test_three_ways(original: Any, modified: Any, live: Any, expected: Any) -> None:
    gone, new = three_way_patches(original, modified, live, POD)
    assert strategic_merge_patch(strategic_merge_patch(live, gone, POD), new, POD) == expected


def test_of_two_that_share_a_key_neither_stays() -> None:
    both, one = {"spec": {"ports": [TCP, UDP]}}, {"spec": {"ports": [UDP]}}
    gone, new = three_way_patches(both, one, both, SERVICE)
    assert strategic_merge_patch(strategic_merge_patch(both, gone, SERVICE), new, SERVICE) == {"spec": {"ports": []}}


@pytest.mark.parametrize("broken", [{"image": "i"}, "text"])
def test_an_item_without_its_key_is_refused(broken: Any) -> None:
    with pytest.raises(EvaluationError):
        create_strategic_patch(pod(A), {"spec": {"containers": [A, broken]}}, POD)


def test_too_deep_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(20_000):
        deep = {"a": deep}
    with pytest.raises(EvaluationError, match="nested too deep"):
        create_strategic_patch({"a": {"x": 1}}, {"a": deep}, POD)
