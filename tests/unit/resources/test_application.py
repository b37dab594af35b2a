"""Applications and projects as they are read."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from argosy.resources.application import Application
from argosy.resources.application_operation import OperationState, OperationSync
from argosy.resources.appproject import AppProject

SOURCE = {"repoURL": "https://h/r", "path": "p", "targetRevision": "main"}
HYDRATOR = {
    "drySource": {"repoURL": "https://h/dry", "path": "d", "targetRevision": "HEAD"},
    "syncSource": {"targetBranch": "env", "path": "s"},
}


@pytest.mark.parametrize(
    ("spec", "multiple", "found"),
    [
        ({"source": SOURCE}, False, [("https://h/r", "p", "main")]),
        ({"source": SOURCE, "sources": [SOURCE | {"path": "q"}]}, True, [("https://h/r", "q", "main")]),
        ({"source": SOURCE, "sources": None}, False, [("https://h/r", "p", "main")]),
        ({"sourceHydrator": HYDRATOR, "sources": [SOURCE]}, False, [("https://h/dry", "s", "env")]),
        (
            {"sourceHydrator": HYDRATOR | {"syncSource": {"repoURL": "https://h/sync", "targetBranch": "env"}}},
            False,
            [("https://h/sync", "", "env")],
        ),
        ({}, False, [("", "", "")]),
    ],
)
def test_sources(spec: dict[str, Any], multiple: bool, found: list[tuple[str, str, str]]) -> None:
    app = Application.of({"spec": spec}).spec
    assert app.multiple is multiple
    assert [(one.repo_url, one.path, one.target_revision) for one in app.all_sources] == found


@pytest.mark.parametrize(
    ("policy", "on"),
    [
        (None, False),
        ({}, False),
        ({"automated": None}, False),
        ({"automated": {}}, True),
        ({"automated": {"enabled": True}}, True),
        ({"automated": {"enabled": False}}, False),
    ],
)
def test_whether_it_is_automated(policy: Any, on: bool) -> None:
    assert (Application.of({"spec": {"syncPolicy": policy}}).spec.automated is not None) is on


def test_what_is_not_said() -> None:
    app = Application.of({})
    assert (app.spec.project_name, app.spec.history_limit, app.spec.sync_options) == ("default", 10, ())
    assert not app.deleting
    assert Application.of({"spec": {"revisionHistoryLimit": 0}}).spec.history_limit == 0


@pytest.mark.parametrize(
    ("sync", "hookless", "force"),
    [
        ({}, False, False),
        ({"syncStrategy": {"apply": {"force": True}}}, True, True),
        ({"syncStrategy": {"hook": {"force": True}}}, False, True),
        ({"syncStrategy": {"hook": {}}}, False, False),
        ({"resources": [{"kind": "Service", "name": "a"}]}, True, False),
    ],
)
def test_strategies(sync: dict[str, Any], hookless: bool, force: bool) -> None:
    found = OperationSync.model_validate(sync)
    assert (found.hookless, found.force) == (hookless, force)


@pytest.mark.parametrize(
    ("phase", "completed"), [("Running", False), ("Terminating", False), ("", False), ("Error", True), ("Failed", True)]
)
def test_whether_an_operation_has_ended(phase: str, completed: bool) -> None:
    assert OperationState(phase=phase).completed is completed


@pytest.mark.parametrize(
    "spec",
    [{"project": 1}, {"sources": {}}, {"syncPolicy": {"automated": {"prune": "yes"}}}, {"destination": "x"}],
)
def test_values_of_another_type(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Application.of({"spec": spec})


def test_lists_of_kinds_that_are_empty_and_that_are_not_given() -> None:
    assert AppProject.of({"spec": {}}).spec.namespace_resource_whitelist is None
    assert AppProject.of({"spec": {"namespaceResourceWhitelist": []}}).spec.namespace_resource_whitelist == []
