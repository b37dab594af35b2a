"""Argo CD's Secrets of clusters in a management cluster behind an agent: which are destinations, and of which project."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.services.agents.registry import Entry
from support.agentreports import FakeAgent
from support.edge import Edge
from support.gitops import API, config_map

CANARY = "canary-token-88aa"
SERVER = "https://prod.example.com:6443"

type Json = dict[str, Any]


def cluster_secret(secret: str, **data: str) -> Json:
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    metadata = {"name": secret, "namespace": "argocd", "labels": labels}
    texts = {"config": json.dumps({"bearerToken": CANARY}), **data}
    encoded = {key: b64encode(text.encode()).decode() for key, text in texts.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}


def project(edge: Edge, **spec: Any) -> None:
    everything = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    body = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "team", "namespace": "argocd"}}
    edge.agent.cluster.create({**body, "spec": everything | spec})


class Managing(Edge):
    """A management cluster, and another one behind its agent, `prod`."""

    def __init__(self) -> None:
        super().__init__(Entry("edge", "agent", management=True), (Entry("prod", "agent", door=False),))
        self.prod = FakeAgent(self.hub, "prod")
        self.prod.secret_key = self.made.runtime.subscribing.secret_key("prod")
        self.prod._done = len(self.made.link.sent)
        for name in ("web", "team"):
            self.prod.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.hub.hello("prod")
        self.commit(config_map("a"))

    def secret(self, **data: str) -> None:
        """The Secret of `prod`."""
        self.agent.cluster.create(cluster_secret("prod", name="prod", server=SERVER, **data))

    def deploy(self, **spec: Any) -> Json:
        """Create an Application for it; its status in the end."""
        self.create(**({"destination": {"server": SERVER, "namespace": "web"}, "project": "team"} | spec))
        for _ in range(4):
            self.prod.settle()
            self.settle()
        return self.status()


def problems(status: Json) -> str:
    return "; ".join(one["message"] for one in status.get("conditions", []))


def test_the_secret_gives_a_registered_cluster_its_address() -> None:
    edge = Managing()
    project(edge)
    edge.secret()
    status = edge.deploy()
    assert status["sync"]["status"] == "Synced", problems(status)
    assert edge.prod.cluster.get("v1", "ConfigMap", "web", "a")["data"] == {"v": "1"}


@pytest.mark.parametrize(("of", "permitted"), [("team", True), ("other", False), ("", False)])
def test_only_the_clusters_of_the_project(of: str, permitted: bool) -> None:
    edge = Managing()
    project(edge, permitOnlyProjectScopedClusters=True)
    edge.secret(**({"project": of} if of else {}))
    status = edge.deploy()
    if permitted:
        assert status["sync"]["status"] == "Synced", problems(status)
    else:
        assert f"application destination server '{SERVER}' and namespace 'web' do not match any" in problems(status)
        with pytest.raises(NotFound):
            edge.prod.cluster.get("v1", "ConfigMap", "web", "a")


def test_namespaces_of_the_secret_are_all_that_is_managed() -> None:
    edge = Managing()
    project(edge)
    edge.secret(namespaces="team")
    assert 'namespace "web" for ConfigMap "a" is not managed' in problems(edge.deploy())


def test_a_cluster_that_nobody_reaches_says_the_way_out() -> None:
    edge = Managing()
    project(edge)
    edge.agent.cluster.create(cluster_secret("far", name="far", server="https://far"))
    status = edge.deploy(destination={"name": "far", "namespace": "web"})
    assert "cluster far (https://far) is named by Secret argocd/far, by which nobody here reaches it" in problems(
        status
    )
    assert status["conditions"][0]["type"] == "InvalidSpecError"


def test_what_signs_in_is_not_asked_for() -> None:
    edge = Managing()
    project(edge)
    edge.secret(project="team")
    edge.deploy()
    (asked,) = [one for one in edge.agent.subscription.values if one.place.name == "prod"]
    assert asked.keys == ("clusterResources", "name", "namespaces", "project", "server")
    assert CANARY not in repr(edge.made.link.sent)


def test_nothing_is_left_behind_while_a_secret_cannot_be_read() -> None:
    """The Application's cluster may be that of the Secret, and is not gone."""
    edge = Managing()
    project(edge)
    broken = cluster_secret("far", name="far", server="https://far")
    broken["data"]["server"] = b64encode(b"\xff").decode()
    edge.agent.cluster.create(broken)
    edge.deploy(destination={"name": "far", "namespace": "web"}, finalizers=("resources-finalizer.argocd.argoproj.io",))
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle()
    assert "Secret argocd/far holds what is no text" in problems(edge.status())
    edge.agent.cluster.delete("v1", "Secret", "argocd", "far")
    edge.settle(120)
    with pytest.raises(NotFound):
        edge.status()


def test_a_cluster_that_is_no_management_cluster_names_itself_alone() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    project(edge, permitOnlyProjectScopedClusters=True)
    edge.agent.cluster.create(cluster_secret("far", name="far", server="https://far", project="team"))
    edge.create(project="team")
    assert "do not match any of the allowed destinations" in problems(edge.status())
    own = cluster_secret("own", name="in-cluster", server="https://kubernetes.default.svc", project="team")
    edge.agent.cluster.create(own)
    edge.settle()
    assert edge.status()["sync"]["status"] == "Synced", problems(edge.status())
