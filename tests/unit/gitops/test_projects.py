"""What a project permits, where rules meet bad input."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from argosy.errors import EvaluationError, InvalidObject
from argosy.gitops.identity import Key
from argosy.gitops.projects import patterns, permissions, specs, windows
from argosy.gitops.projects.permissions import Cluster
from argosy.resources import appproject_validation
from argosy.resources.application import ApplicationSpec, Destination
from argosy.resources.appproject import DEFAULT_PROJECT, AppProject, SyncWindow

HERE = Cluster("https://kubernetes.default.svc", "in-cluster")


def _project(**spec: object) -> AppProject:
    return AppProject.of({"metadata": {"name": "team"}, "spec": spec})


@pytest.mark.parametrize(
    ("listed", "text", "mode", "found"),
    [
        (["["], "[", "glob", False),
        (["["], "[", "exact", True),
        (["/["], "/[", "regexp", False),
        (["/(/"], "(", "regexp", False),
        (["/"], "/", "regexp", True),
        (["/^team-(?!prod)/"], "team-dev", "regexp", True),
        (["/^team-(?!prod)/"], "team-prod", "regexp", False),
        (["/^(a+)+(?!b)$/"], "a" * 40 + "c", "regexp", False),
    ],
)
def test_lists(listed: list[str], text: str, mode: patterns.Mode, found: bool) -> None:
    assert patterns.any_matches(listed, text, mode) is found


def test_the_default_project_permits_all() -> None:
    spec = ApplicationSpec.model_validate(
        {"source": {"repoURL": "git@host:a/b.git", "path": "."}, "destination": {"name": "in-cluster"}}
    )
    assert specs.permission_problems(spec, DEFAULT_PROJECT, [HERE]) == []
    assert permissions.kind_permitted(DEFAULT_PROJECT, "apps", "Deployment", "x", namespaced=True)
    assert permissions.kind_permitted(DEFAULT_PROJECT, "", "Namespace", "x", namespaced=False)
    assert appproject_validation.validate(DEFAULT_PROJECT) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            {"repoURL": "https://h/r", "chart": "c"},
            "spec.source.targetRevision is required if the manifest source is a",
        ),
        ({"repoURL": "https://h/r"}, "spec.source.repoURL and either"),
        ({"repoURL": "http://h[/r", "path": "p"}, ""),
    ],
)
def test_defects_of_a_source(source: dict[str, object], said: str) -> None:
    spec = ApplicationSpec.model_validate({"source": source, "destination": {"name": "in-cluster"}})
    found = specs.permission_problems(spec, DEFAULT_PROJECT, [HERE])
    assert found[0].startswith(said) if said else found == []


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (Destination(server="https://kubernetes.default.svc/"), ""),
        (Destination(), "missing"),
        (Destination(server="https://other"), "not found"),
    ],
)
def test_clusters_of_a_destination(destination: Destination, said: str) -> None:
    if not said:
        assert specs.destination_cluster(destination, [HERE]) is HERE
        return
    with pytest.raises(InvalidObject, match=said):
        specs.destination_cluster(destination, [HERE])


@pytest.mark.parametrize(
    ("key", "namespaced", "said"),
    [
        (Key("apps", "Deployment", "a", "x"), True, ""),
        (Key("apps", "Deployment", "b", "x"), True, "namespace b is not permitted in project 'team'"),
        (Key("", "Secret", "a", "x"), True, "resource :Secret is not permitted in project team"),
        (Key("", "Namespace", "", "x"), False, "resource :Namespace is not permitted in project team"),
        (Key("", "Namespace", "", "team-x"), False, ""),
    ],
)
def test_objects(key: Key, namespaced: bool, said: str) -> None:
    project = _project(
        destinations=[{"server": "*", "namespace": "a"}],
        clusterResourceWhitelist=[{"group": "", "kind": "Namespace", "name": "team-*"}],
        namespaceResourceBlacklist=[{"group": "", "kind": "Secret"}],
    )
    assert permissions.object_refusal(project, key, HERE, namespaced=namespaced) == said


def test_only_clusters_of_the_project() -> None:
    project = _project(destinations=[{"server": "*", "namespace": "*"}], permitOnlyProjectScopedClusters=True)
    assert not permissions.destination_permitted(project, HERE, "x", [])
    assert permissions.destination_permitted(project, HERE, "x", [Cluster(name="in-cluster", project="team")])


@pytest.mark.parametrize(
    ("time_zone", "hour", "found"),
    [("Europe/Berlin", 9, True), ("Europe/Berlin", 11, False), ("Nowhere/City", 11, True)],
)
def test_a_window_lies_in_its_zone(time_zone: str, hour: int, found: bool) -> None:
    window = SyncWindow(kind="allow", schedule="0 11 * * *", duration="1h", time_zone=time_zone)
    assert windows.is_open(window, datetime(2024, 7, 1, hour, 30, tzinfo=UTC)) is found


def test_a_window_that_cannot_be_read() -> None:
    with pytest.raises(EvaluationError):
        windows.can_sync([SyncWindow(kind="deny", schedule="@daily", duration="1h")], datetime.now(UTC), manual=True)


def test_all_problems_of_a_project_are_told() -> None:
    project = _project(
        sourceRepos=["a", "a"],
        destinations=[{"server": "!*"}],
        syncWindows=[None, {"kind": "maybe", "schedule": "x", "duration": "y", "applications": ["*"]}],
    )
    fields = [one.field for one in appproject_validation.validate(project)]
    assert fields == [
        "spec.destinations[0].server",
        "spec.sourceRepos[1]",
        "spec.syncWindows[1].kind",
        "spec.syncWindows[1].schedule",
        "spec.syncWindows[1].duration",
    ]
    with pytest.raises(InvalidObject, match="invalid format") as raised:
        appproject_validation.check(project)
    assert len(raised.value.problems) == len(fields)
