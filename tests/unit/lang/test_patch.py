"""JSON patches and merge patches."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.errors import EvaluationError
from argosy.lang.patch import create_merge_patch, json_patch, merge_patch, strategic_merge_patch

DOCUMENT: dict[str, Any] = {"a": 1, "l": [1, 2, 3], "o": {"x": None, "y/z": "t"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab/~", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([{"op": "add", "path": "/l/-", "value": 4}], {**DOCUMENT, "l": [1, 2, 3, 4]}),
        ([{"op": "add", "path": "/l/-2", "value": 9}], {**DOCUMENT, "l": [1, 2, 9, 3]}),
        ([{"op": "remove", "path": "/l/-1"}], {**DOCUMENT, "l": [1, 2]}),
        ([{"op": "replace", "path": "/o/y~1z", "value": {}}], {**DOCUMENT, "o": {"x": None, "y/z": {}}}),
        ([{"op": "copy", "from": "/l", "path": "/l/0"}], {**DOCUMENT, "l": [[1, 2, 3], 1, 2, 3]}),
        ([{"op": "move", "from": "/a", "path": "/o/a"}], {"l": [1, 2, 3], "o": {"x": None, "y/z": "t", "a": 1}}),
        ([{"op": "test", "path": "/o/x", "value": None}], DOCUMENT),
        ([{"op": "add", "path": "", "value": [1]}, {"op": "add", "path": "/0", "value": 0}], [0, 1]),
        ([], DOCUMENT),
    ],
)
def test_operations(operations: list[dict[str, Any]], expected: Any) -> None:
    before = copy.deepcopy(DOCUMENT)
    assert json_patch(DOCUMENT, operations) == expected
    assert before == DOCUMENT


@pytest.mark.parametrize(
    ("operations", "told"),
    [
        ({}, "a list of operations"),
        ("[]", "a list of operations"),
        ([1], "it is no object"),
        ([{"op": "fly", "path": "/a"}], "op 'fly' is none of add, remove"),
        ([{"op": "add", "path": "/z"}], "its value is missing"),
        ([{"op": "remove"}], "its path is missing"),
        ([{"op": "remove", "path": "a"}], "does not begin with a /"),
        ([{"op": "remove", "path": ""}], "cannot be removed"),
        ([{"op": "remove", "path": "/nothing/there"}], "'/nothing' is not there"),
        ([{"op": "remove", "path": "/a/b"}], "'/a' has no members"),
        ([{"op": "remove", "path": "/l/x"}], "'x' is no index"),
        ([{"op": "replace", "path": "/l/3", "value": 1}], "a list of 3 items has no 3"),
        ([{"op": "add", "path": "/l/5", "value": 1}], "nothing can be added there"),
        ([{"op": "move", "from": "/o", "path": "/o/p"}], "into itself"),
        ([{"op": "test", "path": "/a", "value": True}], "not what it is tested for"),
        ([{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/b"}], "operation 1 of the JSON patch"),
        ([{"op": "copy", "from": "", "path": "/l/-"}] * 30, "copies of more than"),
        ([{"op": "test", "path": "/a", "value": 1}] * 10_001, "10,001 operations"),
    ],
)
def test_what_cannot_be_done(operations: Any, told: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        json_patch(DOCUMENT, operations)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"a": None}, {"l": [1, 2, 3], "o": {"x": None, "y/z": "t"}}),
        (
            {"o": {"x": 1, "new": {"gone": None, "kept": 2}}},
            {**DOCUMENT, "o": {"x": 1, "y/z": "t", "new": {"kept": 2}}},
        ),
        ({"l": [None]}, {**DOCUMENT, "l": [None]}),
        ({"a": {"b": 1}}, {**DOCUMENT, "a": {"b": 1}}),
        (5, 5),
        (None, None),
    ],
)
def test_merge_patches(patch: Any, expected: Any) -> None:
    before = copy.deepcopy(DOCUMENT)
    assert merge_patch(DOCUMENT, patch) == expected
    assert before == DOCUMENT


def test_a_merge_patch_needs_objects() -> None:
    for original, modified in (([], {}), ({}, 5)):
        with pytest.raises(EvaluationError, match="between two objects"):
            create_merge_patch(original, modified)


def test_what_is_nested_too_deep() -> None:
    deep: dict[str, Any] = {}
    for _ in range(2_000):
        deep = {"a": deep}
    for attempt in (
        lambda: merge_patch({}, deep),
        lambda: create_merge_patch(deep, {**deep, "b": 1}),
        lambda: json_patch({}, [{"op": "copy", "from": "", "path": "/c"}] * 2_000),
    ):
        with pytest.raises(EvaluationError, match="nested too deep"):
            attempt()


def without_nulls(value: Any) -> Any:
    """RFC 7386 cannot say null."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return value


@given(
    st.dictionaries(st.text("ab", max_size=2), JSON, max_size=4),
    st.dictionaries(st.text("ab", max_size=2), JSON, max_size=4),
)
def test_a_computed_patch_leads_from_one_to_the_other(original: dict[str, Any], modified: dict[str, Any]) -> None:
    original, modified = without_nulls(original), without_nulls(modified)
    assert merge_patch(original, create_merge_patch(original, modified)) == modified


@given(
    JSON,
    st.lists(
        st.fixed_dictionaries(
            {
                "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
                "path": st.text("/ab~01-", max_size=6),
                "from": st.text("/ab0", max_size=4),
                "value": JSON,
            }
        ),
        max_size=4,
    ),
)
def test_any_patch_has_an_answer_or_an_error(document: Any, operations: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(document)
    with contextlib.suppress(EvaluationError):
        json_patch(document, operations)
    assert document == before


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "finalizers": ["a", "b"]}, "spec": spec}


TWO: list[dict[str, Any]] = [
    {"name": "web", "image": "n:1", "env": [{"name": "A", "value": "1"}]},
    {"name": "side", "image": "s:1"},
]


@pytest.mark.parametrize(
    ("patch", "containers"),
    [
        ([{"name": "web", "image": "n:2"}], [{**TWO[0], "image": "n:2"}, TWO[1]]),
        ([{"name": "new"}], [{"name": "new"}, *TWO]),  # what is new stands first, as upstream has it
        ([{"name": "web", "$patch": "delete"}], [TWO[1]]),
        ([{"$patch": "replace"}, {"name": "only"}], [{"name": "only"}]),
        ([{"name": "web", "env": [{"name": "B"}]}], [{**TWO[0], "env": [{"name": "B"}, *TWO[0]["env"]]}, TWO[1]]),
    ],
)
def test_lists_that_are_merged_by_a_key(patch: list[Any], containers: list[Any]) -> None:
    before = pod(containers=TWO)
    found = strategic_merge_patch(before, {"spec": {"containers": patch}}, "Pod")
    assert found["spec"]["containers"] == containers
    assert before == pod(containers=TWO)


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"finalizers": ["c"]}, ["c", "a", "b"]),
        ({"$deleteFromPrimitiveList/finalizers": ["a"]}, ["b"]),
        ({"$setElementOrder/finalizers": ["b", "a"]}, ["b", "a"]),
        ({"finalizers": None}, None),
    ],
)
def test_sets(patch: dict[str, Any], expected: list[str] | None) -> None:
    assert strategic_merge_patch(pod(), {"metadata": patch}, "Pod")["metadata"].get("finalizers") == expected


@pytest.mark.parametrize(
    ("patch", "kind", "told"),
    [
        ({}, "Workflow", "no strategic merge patch"),
        ({"spec": {"containers": [{"image": "x"}]}}, "Pod", "merged by name, which an item of it lacks"),
        ({"spec": {"$patch": "move"}}, "Pod", "replace or delete"),
        ({"spec": {"containers": [{"name": "web", "$patch": "merge"}]}}, "Pod", "delete or replace"),
        ({"spec": {"$retainKeys": ["a"], "b": 1}}, "Pod", "does not name 'b'"),
        (
            {"spec": {"$setElementOrder/containers": [{"name": "x"}], "containers": [{"name": "y"}]}},
            "Pod",
            "does not hold",
        ),
    ],
)
def test_strategic_patches_that_make_no_sense(patch: dict[str, Any], kind: str, told: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        strategic_merge_patch(pod(containers=TWO), patch, kind)
    assert told in str(caught.value)
