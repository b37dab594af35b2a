"""Who may use what of a repository: nothing that others have fetched is given to those whom it does not let in."""

from __future__ import annotations

from typing import Any

from argosy.errors import NotFound
from argosy.ports.repository import Credentials
from argosy.services.applications.access import Access
from support.edge import URL, Edge
from support.gitops import API, config_map
from support.secrets import repository_secret

PASSWORD = "open-sesame-7d1f"
THERE = {"server": "https://kubernetes.default.svc", "namespace": "team"}


def project(edge: Edge, name: str, **more: Any) -> None:
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], **more}
    metadata = {"name": name, "namespace": "argocd"}
    edge.agent.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": spec})


def owned() -> Edge:
    """A repository that the Applications of project `owner` sign in at, and one of them."""
    edge = Edge()
    edge.held.password = PASSWORD
    edge.commit(config_map("a"))
    project(edge, "owner")
    project(edge, "stranger")
    edge.agent.cluster.create(repository_secret("shop", url=URL, password=PASSWORD, project="owner"))
    edge.settle()
    edge.create(project="owner")
    assert edge.status()["sync"]["status"] == "Synced"
    return edge


def is_refused(edge: Edge, name: str) -> bool:
    said = [one["message"] for one in edge.status(name=name).get("conditions", [])]
    assert all("credentials" in one for one in said), said
    try:
        edge.agent.cluster.get("v1", "ConfigMap", "team", "a")
    except NotFound:
        return bool(said)
    return False


def test_another_project_is_given_nothing_of_it() -> None:
    edge = owned()
    edge.create(name="theirs", project="stranger", destination=THERE)
    assert is_refused(edge, "theirs")
    edge.settle(600)
    edge.commit(config_map("a", "2"))
    edge.settle(600)
    assert edge.value() == "2", "its owner follows it"
    assert is_refused(edge, "theirs")


def test_a_commit_that_somebody_has_written_into_a_status_is_no_key() -> None:
    edge = owned()
    edge.create(name="theirs", project="stranger", destination=THERE)
    revision = edge.status()["sync"]["revision"]
    edge.agent.cluster.patch(API, "Application", "argocd", "theirs", {"status": {"sync": {"revision": revision}}})
    edge.settle(600)
    assert is_refused(edge, "theirs")


def test_who_is_refused_does_not_wake_the_others() -> None:
    edge = owned()
    edge.create(name="theirs", project="stranger", destination=THERE)
    edge.settle(600)
    before = edge.agent.cluster.get(API, "Application", "argocd", "shop")["metadata"]["resourceVersion"]
    edge.settle(600)
    assert edge.agent.cluster.get(API, "Application", "argocd", "shop")["metadata"]["resourceVersion"] == before


def test_a_password_is_told_by_nothing_that_is_kept() -> None:
    edge = owned()
    store = edge.made.runtime.store
    access: Access = edge.made.runtime.applications.access
    who = access.name(Credentials("git", PASSWORD))
    assert access.may(URL, who)
    assert not access.may(URL, access.name(Credentials()))
    other = Access(store, edge.made.clock, lambda: b"another installation")
    assert other.name(Credentials("git", PASSWORD)) != who
    edge.made.clock.advance(601)
    assert not access.may(URL, who)
