"""Applications that are being deleted."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from argosy.gitops.annotations import HOOK_FINALIZER
from argosy.gitops.identity import Key, key_of
from argosy.gitops.sync import cascade, pruning
from argosy.gitops.sync.cascade import Leaving
from argosy.gitops.sync.tasks import Live
from argosy.resources.application import Application
from support.syncworld import thing

PRE, POST = "pre-delete-finalizer.argocd.argoproj.io", "post-delete-finalizer.argocd.argoproj.io"
OWN = Key("argoproj.io", "Application", "argocd", "a")


def _app(*finalizers: str, **annotations: str) -> Application:
    metadata: dict[str, Any] = {"name": "a", "namespace": "argocd", "finalizers": list(finalizers)}
    metadata |= {"deletionTimestamp": "2024-05-01T12:00:00Z", "annotations": annotations}
    return Application.of({"metadata": metadata, "spec": {}})


def _live(obj: dict[str, Any], health: str | None = None, *, deleting: bool = False, held: bool = False) -> Live:
    body = copy.deepcopy(obj)
    if deleting:
        body["metadata"]["deletionTimestamp"] = "2024-05-01T12:00:00Z"
    if held:
        body["metadata"]["finalizers"] = [HOOK_FINALIZER]
    return Live(body, health)


BEFORE = thing("Job", "before", hook="PreDelete")
AFTER = thing("Job", "after", hook="PostDelete", policy="HookSucceeded")
FAILED = thing("Job", "failed", hook="PostDelete", policy="HookFailed")
MAP = thing("ConfigMap", "map")


def _names(objects: Any) -> list[str]:
    return [key_of(one).name for one in objects]


@pytest.mark.parametrize(
    ("finalizers", "live", "made", "deleted", "left"),
    [
        ([PRE, cascade.RESOURCES], [_live(MAP)], ["before"], [], None),
        ([PRE, cascade.RESOURCES], [_live(BEFORE, "Progressing")], [], [], None),
        ([PRE, cascade.RESOURCES], [_live(BEFORE, "Degraded")], [], [], None),
        ([PRE, cascade.RESOURCES], [_live(BEFORE, "Healthy")], [], [], [cascade.RESOURCES]),
        ([PRE, cascade.RESOURCES], [_live(BEFORE)], [], [], [cascade.RESOURCES]),
        ([cascade.RESOURCES, POST], [_live(MAP)], [], ["map"], None),
        ([cascade.RESOURCES, POST], [_live(MAP, deleting=True)], [], [], None),
        ([cascade.RESOURCES, POST], [], [], [], [POST]),
        ([POST, f"{POST}/cleanup", "other"], [], ["after", "failed"], [], None),
        ([POST, "other"], [_live(AFTER, "Healthy"), _live(FAILED, "Degraded")], [], [], ["other"]),
        ([f"{POST}/cleanup"], [_live(AFTER, "Healthy"), _live(FAILED, "Healthy")], [], ["after"], None),
        ([f"{POST}/cleanup"], [_live(AFTER, "Healthy"), _live(FAILED, "Degraded")], [], ["failed"], None),
        ([f"{POST}/cleanup"], [_live(AFTER, "Healthy", deleting=True)], [], [], None),
        ([f"{POST}/cleanup", "other"], [_live(FAILED, "Healthy")], [], [], ["other"]),
        (["other"], [_live(MAP)], [], [], ["other"]),
    ],
)
def test_one_step(
    finalizers: list[str], live: list[Live], made: list[str], deleted: list[str], left: list[str] | None
) -> None:
    found = cascade.step(Leaving(_app(*finalizers), OWN, live, [BEFORE, AFTER, FAILED, MAP]))
    assert _names(found.create) == made
    assert _names(found.delete) == deleted
    assert found.finalizers == left
    assert bool(found.message) is (left is None)


def test_a_cluster_that_is_not_known_ends_it() -> None:
    app = _app(PRE, f"{PRE}/cleanup", cascade.BACKGROUND, POST, "other")
    assert cascade.step(Leaving(app, OWN, cluster_known=False)).finalizers == ["other"]


def test_how_objects_are_deleted() -> None:
    assert cascade.step(Leaving(_app(cascade.BACKGROUND), OWN, [_live(MAP)])).propagation == "Background"
    assert cascade.step(Leaving(_app(cascade.RESOURCES), OWN, [_live(MAP)])).propagation == "Foreground"


def test_hooks_of_a_sync_are_let_go() -> None:
    hook = thing("Job", "x", hook="PreSync")
    app = _app(cascade.RESOURCES)
    assert _names(cascade.step(Leaving(app, OWN, [_live(hook, held=True)])).release) == ["x"]
    assert _names(cascade.step(Leaving(app, OWN, [_live(hook, held=True, deleting=True)])).release) == ["x"]


def test_what_waits_for_a_word() -> None:
    kept = thing("ConfigMap", "kept", options="Delete=confirm")
    found = cascade.step(Leaving(_app(cascade.RESOURCES), OWN, [_live(kept)]))
    assert (found.delete, found.message) == ((), "waiting for confirmation to delete ConfigMap/kept")
    approved = _app(cascade.RESOURCES, **{pruning.APPROVED: "2024-05-01T12:00:01Z"})
    assert _names(cascade.step(Leaving(approved, OWN, [_live(kept)])).delete) == ["kept"]


@pytest.mark.parametrize(
    ("has", "targets", "finalizers"),
    [
        ([], [MAP], []),
        (["x"], [BEFORE], ["x", PRE, f"{PRE}/cleanup"]),
        ([PRE, f"{PRE}/cleanup", "x"], [AFTER], ["x", POST, f"{POST}/cleanup"]),
        ([POST, f"{POST}/cleanup"], [AFTER], [POST, f"{POST}/cleanup"]),
        ([], [{"metadata": {"annotations": {"helm.sh/hook": "post-install, post-delete"}}}], [POST, f"{POST}/cleanup"]),
    ],
)
def test_finalizers_of_hooks(has: list[str], targets: list[dict[str, Any]], finalizers: list[str]) -> None:
    assert cascade.finalizers_of_hooks(_app(*has), targets) == finalizers


@pytest.mark.parametrize(
    ("finalizers", "wants"), [([PRE], True), ([POST], True), ([POST, cascade.RESOURCES], False), ([], False)]
)
def test_when_the_sources_are_needed(finalizers: list[str], wants: bool) -> None:
    assert cascade.wants_targets(_app(*finalizers)) is wants


def test_a_hook_without_a_name_has_the_same_at_each_look() -> None:
    hook = thing("Job", "", hook="PreDelete")
    hook["metadata"]["generateName"] = "cleanup-"
    del hook["metadata"]["name"]
    app = _app(PRE, cascade.RESOURCES)
    (made,) = cascade.step(Leaving(app, OWN, [], [hook], True)).create
    assert made["metadata"]["name"].startswith("cleanup-predelete-")
    done = cascade.step(Leaving(app, OWN, [_live(dict(made), "Healthy")], [hook], True))
    assert (list(done.create), done.finalizers) == ([], [cascade.RESOURCES])
