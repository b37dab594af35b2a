"""Keys and the digest that wakes."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.keys import Key, wake_digest
from argosy.errors import EvaluationError

BODY: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"a": "1"}, "resourceVersion": "1", "generation": 1},
    "spec": {"x": 1, "y": [1]},
    "status": {"phase": "Running"},
}


@pytest.mark.parametrize(
    "key", [Key("c", "argoproj.io", "Rollout", "ns", "a"), Key("", "", "Pod", "ns", "a"), Key("c", "", "Node", "", "a")]
)
def test_a_key_is_read_as_it_is_written(key: Key) -> None:
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize("text", ["", "a", "a/b/c/d", "a/b/c/d/e/f", "c/g//ns/name", "c/g/Kind/ns/"])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(EvaluationError, match="is no key"):
        Key.parse(text)


@pytest.mark.parametrize(
    ("change", "wakes"),
    [
        ({"status": {"phase": "Done"}}, False),
        ({"metadata": {**BODY["metadata"], "resourceVersion": "2", "generation": 7, "managedFields": []}}, False),
        ({"spec": {"y": [1], "x": 1}}, False),
        ({"spec": {"x": 2, "y": [1]}}, True),
        ({"operation": {"sync": {}}}, True),
        ({"metadata": {**BODY["metadata"], "labels": {"a": "2"}}}, True),
        ({"metadata": {**BODY["metadata"], "annotations": {"a": "2"}}}, True),
        ({"metadata": {**BODY["metadata"], "finalizers": ["f"]}}, True),
        ({"metadata": {**BODY["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}, True),
    ],
)
def test_what_wakes(change: dict[str, Any], wakes: bool) -> None:
    assert (wake_digest({**BODY, **change}) != wake_digest(BODY)) is wakes
