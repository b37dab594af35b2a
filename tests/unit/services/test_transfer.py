"""What an export holds and what an import does."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.resources.manifests import Manifest
from argosy.services.transfer import groups, plan, portable
from support.events import event_source

SHOWN = {"uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 3, "resourceVersion": "7"}
KEPT: dict[str, Any] = {"labels": {"a": "b"}, "annotations": {"c": "d"}, "finalizers": ["f"]}


def body(name: str = "hook", namespace: str = "ns", **metadata: Any) -> dict[str, Any]:
    made = event_source({"webhook": {}}, name=name, namespace=namespace)
    made["metadata"] |= metadata
    return made


def shown(made: dict[str, Any]) -> dict[str, Any]:
    """As an installation shows it."""
    found = copy.deepcopy(made)
    found["metadata"] |= SHOWN
    return {**found, "status": {"conditions": []}}


def test_an_export_holds_what_the_user_wrote() -> None:
    made = body(**KEPT)
    assert portable(shown(made)) == made


@pytest.mark.parametrize(
    ("present", "wanted", "prune", "applied", "deleted", "unchanged"),
    [
        ([], [body()], False, ["hook"], [], 0),
        ([body()], [body()], False, [], [], 1),
        ([body()], [shown(body())], False, [], [], 1),
        ([body()], [body(labels={"new": "one"})], False, ["hook"], [], 0),
        ([body(), body("other")], [body()], False, [], [], 1),
        ([body(), body("other")], [body()], True, [], ["other"], 1),
        ([body(namespace="elsewhere")], [body()], True, ["hook"], ["hook"], 0),
        ([body("a"), body("b")], [], True, [], ["a", "b"], 0),
    ],
)
def test_a_plan(
    present: list[dict[str, Any]],
    wanted: list[dict[str, Any]],
    applied: list[str],
    deleted: list[str],
    unchanged: int,
    *,
    prune: bool,
) -> None:
    made = plan([shown(each) for each in present], [Manifest(each) for each in wanted], "default", prune=prune)
    assert [one.name for one in made.apply] == applied
    assert [key[2] for key in made.delete] == deleted
    assert made.unchanged == unchanged


def test_a_namespace_for_what_names_none() -> None:
    bare = body()
    del bare["metadata"]["namespace"]
    assert plan([shown(body())], [Manifest(bare)], "ns", prune=True).unchanged == 1


@pytest.mark.parametrize(
    ("sizes", "parts"), [([], 0), ([10], 1), ([10] * 50, 1), ([900_000] * 5, 3), ([5_000_000] * 2, 2)]
)
def test_an_import_goes_in_parts(sizes: list[int], parts: int) -> None:
    manifests = [Manifest(body(f"n{number}", noise="x" * size)) for number, size in enumerate(sizes)]
    found = list(groups(manifests))
    assert len(found) == parts
    assert [one for part in found for one in part] == manifests
