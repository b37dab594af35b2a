"""Applications of a cluster behind an agent and what their projects permit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from argosy.errors import NotFound
from argosy.ports.fakes.repository import Held
from argosy.ports.repository import Ref
from support.agentreports import FakeAgent
from support.edge import URL, Edge
from support.gitops import API, config_map

type Json = dict[str, Any]

OTHER = "https://git.example.com/other"


def project(edge: Edge, **spec: Any) -> None:
    """The project `p`."""
    body: Json = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "p", "namespace": "argocd"}}
    body["spec"] = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]} | spec
    edge.agent.cluster.create(body)
    edge.settle()


def another() -> Held:
    """A repository whose branch `main` has the ConfigMap `other`."""
    held = Held()
    held.commits["f" * 40] = {"app/all.yaml": yaml.safe_dump(config_map("other"))}
    held.refs[:] = [Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", "f" * 40)]
    return held


@pytest.mark.parametrize("field", ["source", "sources"])
@pytest.mark.parametrize("permitted", [True, False])
def test_sources_of_an_operation_are_held_to_the_project(field: str, permitted: bool) -> None:
    edge = Edge(repositories={OTHER: another()})
    edge.commit(config_map("a"))
    project(edge, sourceRepos=[URL, OTHER] if permitted else [URL])
    edge.create(project="p", syncPolicy={})
    source = {"repoURL": OTHER, "path": "app", "targetRevision": "main"}
    operation = {"sync": {field: source if field == "source" else [source]}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"operation": operation})
    edge.settle(30)
    state = edge.status()["operationState"]
    if permitted:
        assert state["phase"] == "Succeeded"
        assert edge.value("other") == "1"
    else:
        said = f"application repo {OTHER} is not permitted in project 'p'"
        assert (state["phase"], state["message"]) == ("Failed", said)
        assert "operation" not in edge.agent.cluster.get(API, "Application", "argocd", "shop")
        with pytest.raises(NotFound):
            edge.value("other")


def test_service_accounts_restrict_nobody_as_long_as_they_are_not_asked_for() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    project(edge, destinationServiceAccounts=[{"defaultServiceAccount": "powerless"}])
    edge.create(project="p")
    assert edge.status()["sync"]["status"] == "Synced"


class Late(Edge):
    """An edge whose agent does not report what it is asked for, until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Mapping[str, Any]] = []
        vars(self.agent)["report"] = self.asked.append

    def come(self) -> None:
        """Report it."""
        for body in self.asked:
            FakeAgent.report(self.agent, body)
        self.settle(30)


def test_nothing_is_permitted_before_the_projects_are_known() -> None:
    edge = Late()
    edge.commit(config_map("a"))
    nowhere = {
        "apiVersion": API,
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": "argocd"},
        "spec": {},
    }
    edge.agent.cluster.create(nowhere)
    edge.hub.mirror().watch([])  # as an installation begins that knows nothing yet
    edge.hub.hello("edge")
    edge.agent.settle()
    edge.create()
    assert edge.status() == {}
    edge.come()
    assert [one["type"] for one in edge.status()["conditions"]] == ["InvalidSpecError", "InvalidSpecError"]
    with pytest.raises(NotFound):
        edge.value()


def test_what_is_there_is_not_missing_before_it_is_known() -> None:
    edge = Late()
    edge.commit(config_map("a"))
    edge.agent.cluster.create(config_map("a") | {"metadata": {"name": "a", "namespace": "web", "uid": "its own"}})
    edge.create(syncPolicy={})
    assert edge.status() == {}
    edge.come()
    assert [one["status"] for one in edge.status()["resources"]] == ["OutOfSync"]
    assert edge.status()["health"]["status"] == "Healthy"
