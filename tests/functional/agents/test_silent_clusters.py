"""Applications of clusters that do not answer, and what is forgotten of those that go elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.backoff import backoff
from argosy.control.keys import Key
from argosy.resources.definitions import GROUP
from argosy.services.agents.administration import Administration, Change
from argosy.services.agents.registry import Entry
from argosy.services.applications.following import repository_key
from support.agentreports import FakeAgent
from support.edge import URL, Edge
from support.gitops import API, config_map

OTHER = {"name": "other", "namespace": "web"}
HERE = {"server": "https://kubernetes.default.svc", "namespace": "web"}


def _managing() -> Edge:
    edge = Edge(Entry("edge", "agent", management=True), others=(Entry("other", "agent"),))
    edge.commit(config_map("a"))
    return edge


def _wakes(edge: Edge, other: FakeAgent) -> None:
    """The agent of the other cluster begins."""
    other.secret_key = edge.made.runtime.subscribing.secret_key("other")
    other.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "web"}})
    other._done = len(edge.made.link.sent)
    edge.hub.hello("other")


def _work(edge: Edge, *others: FakeAgent) -> None:
    """All that is to be done now."""
    for _ in range(6):
        for one in (edge.agent, *others):
            one.settle()


def test_it_is_told_after_a_while_and_asked_for_more_and_more_rarely() -> None:
    edge = _managing()
    edge.create(destination=OTHER)
    assert edge.status() == {}, "it may yet answer"
    for _ in range(10):
        edge.settle(60)
    (condition,) = edge.status()["conditions"]
    assert condition["type"] == "ComparisonError"
    assert condition["message"] == "Failed to load live state: the agent of cluster other has not answered yet"
    assert (edge.status()["sync"]["status"], edge.status()["health"]["status"]) == ("Unknown", "Unknown")
    asked, written = len(edge.made.link.sent), edge.status()
    for _ in range(60):
        edge.settle(60)
    assert edge.status() == written
    assert len(edge.made.link.sent) - asked < 60 * 60 / 300 + 2, "an hour, with ten minutes between two looks at most"
    assert backoff("key", 20, 5.0) >= 300


def test_one_that_was_synced_is_unknown_when_its_cluster_is_silent() -> None:
    edge = _managing()
    other = FakeAgent(edge.hub, "other")
    _wakes(edge, other)
    edge.create(destination=OTHER)
    _work(edge, other)
    assert edge.status()["sync"]["status"] == "Synced"
    second = edge.commit(config_map("a", "2"))
    edge.settle(120)
    assert edge.status()["sync"]["status"] == "Synced", "for a while nothing is said"
    for _ in range(10):
        edge.settle(60)
    status = edge.status()
    assert status["sync"]["status"] == "Unknown" == status["health"]["status"]
    assert [one["status"] for one in status["resources"]] == ["Unknown"]
    other._done = len(edge.made.link.sent)
    edge.hub.report({"report": "heartbeat"}, "other")
    _work(edge, other)
    status = edge.status()
    assert (status["sync"]["status"], status["sync"]["revision"]) == ("Synced", second)
    assert "conditions" not in status


def test_an_answer_wakes_it() -> None:
    edge = _managing()
    edge.create(destination=OTHER)
    for _ in range(10):
        edge.settle(60)
    other = FakeAgent(edge.hub, "other")
    _wakes(edge, other)
    _work(edge, other)
    assert edge.status()["sync"]["status"] == "Synced"
    assert other.cluster.get("v1", "ConfigMap", "web", "a")["data"] == {"v": "1"}
    assert "conditions" not in edge.status()
    assert edge.made.runtime.store.query("waiting/other") == []


def test_what_the_cluster_refuses_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = _managing()
    other = FakeAgent(edge.hub, "other")
    _wakes(edge, other)
    answer = {"error": "Denied", "text": "discovery is forbidden"}

    def refuses(work: Any) -> None:
        for row in edge.made.runtime.store.query("errand/other"):
            if "result" not in row.data:
                edge.hub.report({"report": "result", "id": row.sk, **answer}, "other")

    monkeypatch.setattr(other.worker, "handle", refuses)
    edge.create(destination=OTHER)
    _work(edge, other)
    (condition,) = edge.status()["conditions"]
    assert condition["message"] == "Failed to load live state: discovery is forbidden"


def test_one_that_goes_elsewhere_leaves_nothing_behind() -> None:
    edge = _managing()
    edge.create()
    store = edge.made.runtime.store
    assert len(store.query("deploys/edge")) == 1
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"destination": None}})
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"destination": OTHER}})
    other = FakeAgent(edge.hub, "other")
    _wakes(edge, other)
    _work(edge, other)
    assert (store.query("deploys/edge"), len(store.query("deploys/other"))) == ([], 1)
    assert not [one for one in edge.agent.subscription.scopes if one.purpose == "mirror"]


@pytest.mark.parametrize(
    "change", [Change(application_namespaces=()), Change(argocd_namespace="elsewhere", application_namespaces=())]
)
def test_one_whose_namespace_does_not_count_any_more_is_forgotten(change: Change) -> None:
    edge = Edge(Entry("edge", "agent", application_namespaces=("team",)))
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], "sourceNamespaces": ["team"]}
    metadata = {"name": "ours", "namespace": "argocd"}
    edge.agent.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": spec})
    edge.commit(config_map("a"))
    edge.create("team", project="ours")
    following, store = edge.made.runtime.applications.following, edge.made.runtime.store
    shop = Key("edge", GROUP, "Application", "team", "shop")
    assert [key for key, _ in following.followers(repository_key(URL))] == [shop]
    Administration(edge.made.runtime).change("edge", change, "operator")
    edge.settle()
    assert list(following.followers(repository_key(URL))) == []
    assert (store.query("deploys/edge"), store.query("deployed")) == ([], [])
