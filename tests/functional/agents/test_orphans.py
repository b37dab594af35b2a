"""Objects that are nobody's, in the namespaces of Applications whose projects want to know."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.services.agents.registry import Entry
from functional.agents.test_agentless import THERE, Managing
from support.edge import URL, Edge
from support.gitops import API, config_map

type Json = dict[str, Any]

PROJECT = {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]}
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "by-hand"}}


def declare(edge: Edge, **spec: Any) -> None:
    """The project `watching`, with or without orphans."""
    metadata = {"name": "watching", "namespace": "argocd"}
    body = {"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": {**PROJECT, **spec}}
    edge.agent.cluster.create(body)


def watched(edge: Edge) -> set[tuple[str, str]]:
    """Kinds and namespaces that the hub has copies of, for Applications."""
    return {(one.resource, one.namespace) for one in edge.agent.subscription.scopes if one.purpose == "mirror"}


def said(edge: Edge, name: str = "shop") -> list[str]:
    return [one["message"] for one in edge.status(name=name).get("conditions", [])]


@pytest.fixture
def edge() -> Edge:
    """A synced Application of a project that wants to know of orphans."""
    edge = Edge()
    declare(edge, orphanedResources={})
    edge.commit(config_map("a"))
    edge.create(project="watching")
    edge.settle(10)
    return edge


def test_kinds_that_no_application_has_are_looked_at(edge: Edge) -> None:
    assert {("configmaps", ""), ("secrets", "web"), ("deployments", "web"), ("pods", "web")} <= watched(edge)
    assert not {one for one, _ in watched(edge)} & {"events", "leases", "endpoints", "endpointslices"}
    assert said(edge) == []
    edge.agent.cluster.create(SECRET, namespace="web")
    edge.agent.cluster.create(SECRET, namespace="team")
    edge.settle(10)
    assert said(edge) == ["Application has 1 orphaned resources"]
    edge.agent.cluster.delete("v1", "Secret", "web", "by-hand")
    edge.settle(10)
    assert said(edge) == []


def test_what_an_orphan_has_made_is_one_too(edge: Edge) -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "by-hand"}}
    uid = edge.agent.cluster.create(job, namespace="web")["metadata"]["uid"]
    for name, of in (("made", uid), ("somebodys", "elsewhere")):
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "by-hand", "uid": of}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "ownerReferences": [owner]}}
        edge.agent.cluster.create(pod, namespace="web")
    edge.settle(10)
    assert said(edge) == ["Application has 2 orphaned resources"]


@pytest.mark.parametrize("namespace", ["argocd", "team"])
def test_what_an_application_has_left_behind_is_nobodys(namespace: str) -> None:
    edge = Edge(Entry("edge", "agent", application_namespaces=("team",)))
    declare(edge, orphanedResources={}, sourceNamespaces=["*"])
    edge.commit_files({"app/all.yaml": [config_map("a")], "left/all.yaml": [config_map("left")]})
    edge.create(project="watching")
    source = {"repoURL": URL, "path": "left", "targetRevision": "main"}
    edge.create(namespace, name="other", project="watching", source=source)
    edge.settle(10)
    assert (said(edge), edge.value("left")) == ([], "1")
    edge.agent.cluster.delete(API, "Application", namespace, "other")
    edge.settle(10)
    assert said(edge) == ["Application has 1 orphaned resources"]
    edge.agent.cluster.delete("v1", "ConfigMap", "web", "left")
    edge.settle(10)
    assert said(edge) == []


def test_what_the_application_has_is_none_before_it_is_synced() -> None:
    edge = Edge()
    declare(edge, orphanedResources={})
    edge.agent.cluster.create(config_map("a"), namespace="web")
    edge.commit(config_map("a"))
    edge.create(project="watching", syncPolicy={})
    edge.settle(10)
    assert (edge.status()["sync"]["status"], said(edge)) == ("OutOfSync", [])


@pytest.mark.parametrize(
    ("settings", "project"),
    [
        ({"resource.exclusions": "- {kinds: [Secret]}"}, {}),
        ({}, {"namespaceResourceBlacklist": [{"group": "", "kind": "Secret"}]}),
    ],
)
def test_excluded_and_forbidden_kinds_are_not_watched(settings: dict[str, str], project: Json) -> None:
    edge = Edge()
    metadata = {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}
    edge.agent.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": settings})
    declare(edge, orphanedResources={}, **project)
    edge.commit(config_map("a"))
    edge.create(project="watching")
    assert {one for one, _ in watched(edge)} & {"secrets", "deployments"} == {"deployments"}


@pytest.mark.parametrize("how", ["the project asks no more", "the application is gone", "it goes elsewhere"])
def test_nothing_is_watched_that_nobody_asks_for_any_more(edge: Edge, how: str) -> None:
    cluster, rows = edge.agent.cluster, edge.made.runtime.store
    if how == "the project asks no more":
        cluster.patch(API, "AppProject", "argocd", "watching", {"spec": {"orphanedResources": None}})
    elif how == "the application is gone":
        cluster.delete(API, "Application", "argocd", "shop")
    else:
        cluster.patch(API, "Application", "argocd", "shop", {"spec": {"destination": {"namespace": "team"}}})
    edge.settle(60)
    assert not {one for one in watched(edge) if one[1] == "web"}
    assert len(rows.query("orphans/edge")) == (how == "it goes elsewhere")


def test_who_does_not_ask_is_not_woken_and_watches_nothing_more(edge: Edge) -> None:
    edge.create(name="other", destination={"server": "https://kubernetes.default.svc", "namespace": "team"})
    assert {place for _, place in watched(edge)} == {"", "web"}
    turns = len(edge.made.link.sent)
    edge.agent.cluster.create(SECRET, namespace="team")
    edge.settle()
    assert (len(edge.made.link.sent), said(edge, "other")) == (turns, [])


def test_a_namespace_that_the_agent_may_not_see_is_not_asked_for() -> None:
    edge = Edge(Entry("edge", "agent", namespaces=("argocd", "team")))
    declare(edge, orphanedResources={})
    edge.commit()
    edge.create(project="watching")
    assert watched(edge) == set()


def test_a_cluster_without_an_agent_is_surveyed() -> None:
    edge = Managing()
    declare(edge, orphanedResources={})
    edge.far.inner.create(SECRET, namespace="web")
    edge.deploy(config_map("a"), project="watching", destination=THERE)
    edge.settle(60)
    assert said(edge) == ["Application has 1 orphaned resources"]
    assert edge.far.lists["Event"] == 0
    edge.agent.cluster.patch(API, "AppProject", "argocd", "watching", {"spec": {"orphanedResources": None}})
    edge.settle(60)
    listed = edge.far.lists["Secret"]
    edge.settle(600)
    assert (edge.far.lists["Secret"], said(edge)) == (listed, [])
