"""What surrounds the steps of a sync: retries, deletions, self-heal, and the paths that count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.gitops.identity import Key, key_of
from argosy.gitops.refresh import autosync, needs, paths
from argosy.gitops.sync import pruning, retries
from argosy.resources.application import Application, ResourceStatus
from argosy.resources.application_operation import Backoff

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SOURCE = {"repoURL": "https://h/r", "path": "p", "targetRevision": "HEAD"}


@pytest.mark.parametrize(
    ("backoff", "count", "seconds"),
    [
        (Backoff(duration="0", factor=3), 5000, 0),
        (Backoff(duration="5s", factor=10, max_duration="0"), 5000, 1e9),
        (Backoff(duration="-5"), 0, -5),
        (None, 1, 10),
    ],
)
def test_the_next_attempt(backoff: Backoff | None, count: int, seconds: float) -> None:
    assert retries.next_retry(backoff, count, NOW) == NOW + timedelta(seconds=seconds)


def test_a_duration_that_is_none() -> None:
    with pytest.raises(EvaluationError):
        retries.next_delay(Backoff(duration="soon"), 1)


def test_history_counts_on_when_it_is_cut() -> None:
    history: list[dict[str, Any]] = []
    for revision in "abcd":
        history = retries.appended(history, {"revision": revision}, 2)
    assert history == [{"id": 2, "revision": "c"}, {"id": 3, "revision": "d"}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2024-05-01T12:00:00Z", True),
        ("2024-05-01T14:00:01+02:00", True),
        ("2024-05-01T11:59:59Z", False),
        ("true", False),
        ("", False),
    ],
)
def test_confirmation(text: str, found: bool) -> None:
    assert pruning.confirmed({pruning.APPROVED: text}, NOW) is found


def _object(name: str, kind: str = "ConfigMap", deleting: bool = False, **annotations: str) -> dict[str, Any]:
    named = {
        "wave": "argocd.argoproj.io/sync-wave",
        "options": "argocd.argoproj.io/sync-options",
        "policy": "helm.sh/resource-policy",
    }
    metadata: dict[str, Any] = {"name": name, "annotations": {named[key]: text for key, text in annotations.items()}}
    if deleting:
        metadata["deletionTimestamp"] = "2024-05-01T12:00:00Z"
    version = "apiextensions.k8s.io/v1" if kind == "CustomResourceDefinition" else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


@pytest.mark.parametrize(
    ("objects", "approved", "deleted", "going", "waiting"),
    [
        ([_object("a"), _object("b", wave="1")], False, ["b"], [], []),
        ([_object("a"), _object("b", wave="1", deleting=True)], False, [], ["b"], []),
        ([_object("a", wave="-1"), _object("b", wave="-2")], False, ["a"], [], []),
        ([_object("a"), _object("b", options="Delete=false", wave="5")], False, ["a"], [], []),
        ([_object("a", policy="keep"), _object("b", "CustomResourceDefinition"), _object("own")], False, [], [], []),
        ([_object("a"), _object("b", options="Delete=confirm")], False, [], [], ["b"]),
        ([_object("a"), _object("b", options="Delete=confirm")], True, ["a", "b"], [], []),
        ([], False, [], [], []),
    ],
)
def test_deleting_with_the_application(
    objects: list[dict[str, Any]], approved: bool, deleted: list[str], going: list[str], waiting: list[str]
) -> None:
    found = pruning.deletion(objects, Key("", "ConfigMap", "", "own"), approved=approved)
    lists = [[key_of(one).name for one in part] for part in (found.delete, found.going, found.waiting)]
    assert lists == [deleted, going, waiting]
    assert found.done is (not any(lists))


def _app(**parts: Any) -> Application:
    spec = {"source": SOURCE, "syncPolicy": {"automated": {"selfHeal": True}}} | parts.pop("spec", {})
    return Application.of({"spec": spec, **parts})


def test_the_operation_of_a_self_heal() -> None:
    state = {
        "phase": "Succeeded",
        "operation": {"sync": {"autoHealAttemptsCount": 1}},
        "syncResult": {"revision": "a", "source": SOURCE},
    }
    policy = {"automated": {"selfHeal": True}, "retry": {"limit": 2}, "syncOptions": ["PruneLast=true"]}
    app = _app(spec={"syncPolicy": policy}, status={"operationState": state})
    broken = ResourceStatus(kind="Service", name="s", namespace="n", status="OutOfSync")
    found = autosync.Found("OutOfSync", ["a"], [broken, ResourceStatus(kind="Secret", name="x", status="Synced")])
    started = autosync.decide(app, found)
    assert autosync.operation(app, found, started) == {
        "sync": {
            "revision": "a",
            "autoHealAttemptsCount": 2,
            "syncOptions": ["PruneLast=true"],
            "resources": [{"kind": "Service", "name": "s"}],
        },
        "initiatedBy": {"automated": True},
        "retry": {"limit": 2},
    }


def test_the_operation_of_several_sources() -> None:
    app = _app(spec={"sources": [SOURCE, SOURCE]})
    found = autosync.Found("OutOfSync", ["a", "b"], [ResourceStatus(kind="Secret", name="x", status="OutOfSync")])
    made = autosync.operation(app, found, autosync.decide(app, found))
    assert made["sync"] == {"revisions": ["a", "b"]}
    assert made["retry"] == {"limit": 5}


@pytest.mark.parametrize(
    ("spec", "level"),
    [
        ({}, None),
        ({"source": SOURCE | {"path": "q"}}, needs.LATEST_RESOLVED),
        ({"destination": {"namespace": "other"}}, needs.LATEST),
        ({"ignoreDifferences": [{"kind": "Service"}]}, needs.LATEST),
        ({"syncPolicy": {"managedNamespaceMetadata": {"labels": {"a": "b"}}}}, needs.LATEST),
    ],
)
def test_changes_of_the_spec(spec: dict[str, Any], level: int | None) -> None:
    status = {
        "sync": {"comparedTo": {"source": SOURCE}},
        "operationState": {"phase": "Succeeded", "syncResult": {"managedNamespaceMetadata": {}}},
    }
    changes = needs.changes_of_spec(_app(spec=spec, status=status))
    found = needs.decide(needs.Changes(**{key: getattr(changes, key) for key in changes.__slots__} | {"age": 1}))
    assert (found.level if found.needed else None) == level


@pytest.mark.parametrize(
    ("annotation", "path", "found"),
    [
        ("/", "a", [""]),
        ("//a", "b", ["/a"]),
        ("..", "a/b", ["a"]),
        ("../../..", "a", ["../.."]),
        (" ; ;", "a", []),
        ("/a/../b", "x", ["a/../b"]),
    ],
)
def test_paths_of_an_annotation(annotation: str, path: str, found: list[str]) -> None:
    assert paths.refresh_paths(annotation, path) == found


@pytest.mark.parametrize(
    ("path", "file", "found"),
    [
        ("[", "[", True),
        ("[", "a", False),
        ("a", "ab", False),
        ("", "x/y", True),
        ("a/", "a/b", True),
        ("a/*", "a/b/c", False),
    ],
)
def test_files_that_count(path: str, file: str, found: bool) -> None:
    assert paths.files_changed([path], [file]) is found
