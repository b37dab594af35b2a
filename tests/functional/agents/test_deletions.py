"""Applications of a cluster behind an agent that are deleted: what must be seen, permitted and gone through before."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import NotFound
from support.edge import URL, Edge
from support.gitops import API, RESOURCES, config_map, job

type Json = dict[str, Any]

BEFORE = "pre-delete-finalizer.argocd.argoproj.io"
ALL: Json = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}


def project(edge: Edge, **spec: Any) -> None:
    """The project `p`, as it is from now on."""
    body = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "p", "namespace": "argocd"}}
    if there(edge, "AppProject", "p", "argocd"):
        edge.agent.cluster.replace({**body, "spec": ALL | spec})
    else:
        edge.agent.cluster.create({**body, "spec": ALL | spec})
    edge.settle()


def there(edge: Edge, kind: str, name: str, namespace: str = "web") -> Json | None:
    """An object, None when it is gone."""
    api_version = {"Job": "batch/v1", "ConfigMap": "v1"}.get(kind, API)
    try:
        return edge.agent.cluster.get(api_version, kind, namespace, name)
    except NotFound:
        return None


def delete(edge: Edge, seconds: int = 60) -> None:
    """Somebody deletes the Application."""
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(seconds)


def error(edge: Edge) -> str:
    """Why its deletion does not go on."""
    found = edge.status().get("conditions") or ()
    return "; ".join(one["message"] for one in found if one["type"] == "DeletionError")


@pytest.mark.parametrize(
    ("forbids", "says"),
    [
        ({"sourceRepos": ["https://git.example.com/other"]}, f"application repo {URL} is not permitted in project 'p'"),
        ({"namespaceResourceBlacklist": [{"group": "*", "kind": "*"}]}, "resource :ConfigMap is not permitted"),
        ({"destinations": [{"server": "*", "namespace": "team"}]}, "do not match any of the allowed destinations"),
        ({"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}, "is not signed, but a signature is required"),
    ],
)
def test_hooks_keep_to_the_project(forbids: Json, says: str) -> None:
    edge = Edge()
    edge.commit(config_map("hook", hook="PreDelete"))
    project(edge, **forbids)
    edge.create(project="p", syncPolicy={}, finalizers=(BEFORE,))
    delete(edge)
    assert there(edge, "ConfigMap", "hook") is None
    assert says in error(edge)
    project(edge)
    edge.settle(60)
    assert there(edge, "ConfigMap", "hook") is not None
    assert there(edge, "Application", "shop", "argocd") is None


def test_what_no_hook_needs_is_deleted_under_a_project_that_forbids_the_repository() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    project(edge)
    edge.create(project="p", finalizers=(RESOURCES,))
    project(edge, sourceRepos=[])
    delete(edge)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


@pytest.mark.parametrize(
    ("problem", "says"), [("down", "does not answer"), ("password", "the credentials are refused")]
)
def test_a_repository_that_tells_of_no_hooks_is_waited_for(problem: str, says: str) -> None:
    edge = Edge()
    edge.commit(config_map("a"), job("backup", hook="PreDelete"))
    edge.create(finalizers=(RESOURCES,))
    following = edge.commit(config_map("a"), job("backup", hook="PreDelete"))
    edge.made.runtime.applications.following.found((URL, "main", ""), following)
    edge.held.down, edge.held.password = problem == "down", "rotated" if problem == "password" else ""
    delete(edge)
    assert there(edge, "Job", "backup") is None
    assert there(edge, "ConfigMap", "a") is not None
    assert says in error(edge)
    edge.held.down, edge.held.password = False, ""
    edge.settle(600)
    assert there(edge, "Job", "backup") is not None
    assert there(edge, "ConfigMap", "a") is not None, "the hook has not come to its end"
    assert not error(edge)


def test_a_spec_that_cannot_be_read_keeps_what_it_has() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(finalizers=(RESOURCES,))
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"revisionHistoryLimit": "many"}})
    delete(edge)
    assert there(edge, "ConfigMap", "a") is not None
    assert "spec.revisionHistoryLimit" in error(edge)
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"revisionHistoryLimit": None}})
    edge.settle(60)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


def test_a_destination_that_is_wrong_keeps_what_it_has() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(finalizers=(RESOURCES,))
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"destination": {"name": "in-cluster"}}})
    delete(edge)
    assert there(edge, "ConfigMap", "a") is not None
    assert "can't have both name and server" in error(edge)


def test_a_cluster_that_is_not_registered_keeps_nobody() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(finalizers=(RESOURCES,))
    edge.agent.cluster.patch(
        API, "Application", "argocd", "shop", {"spec": {"destination": {"server": "https://gone.example.com"}}}
    )
    delete(edge)
    assert there(edge, "Application", "shop", "argocd") is None
    assert there(edge, "ConfigMap", "a") is not None


def test_without_its_project_nothing_is_deleted() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    project(edge)
    edge.create(project="p", finalizers=(RESOURCES,))
    edge.agent.cluster.delete(API, "AppProject", "argocd", "p")
    delete(edge)
    assert there(edge, "ConfigMap", "a") is not None
    assert error(edge) == "Application referencing project p which does not exist"
    project(edge)
    edge.settle(60)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


def test_what_is_not_seen_is_not_left_behind() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(finalizers=(RESOURCES,))
    scope = next(one for one in edge.agent.subscription.scopes if one.purpose == "mirror")
    edge.hub.mirror().forget(scope.key)
    edge.hub.mirror().watch(edge.agent.subscription.scopes)
    with pytest.MonkeyPatch().context() as blind:
        blind.setattr(edge.agent, "list", lambda: None)
        told = {scope.key: "refused: configmaps is forbidden"}
        edge.hub.report({"report": "heartbeat", "scopes": told, "subscription": edge.agent.subscription.digest})
        delete(edge)
        assert there(edge, "ConfigMap", "a") is not None
        assert "may not watch ConfigMap: configmaps is forbidden" in error(edge)
    edge.agent.list()
    edge.settle(120)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


def test_what_a_status_tells_no_more_is_deleted_all_the_same() -> None:
    edge = Edge()
    edge.commit(config_map("a"), config_map("late", sync_wave="1"))
    project(edge)
    edge.create(project="p", finalizers=(RESOURCES,))
    project(edge, sourceRepos=[])
    assert edge.status()["resources"] == []
    delete(edge, 120)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


def ends(edge: Edge, kind: str, message: str = "") -> None:
    """The hook comes to its end."""
    status = {"conditions": [{"type": kind, "status": "True", "message": message}]}
    edge.agent.cluster.patch("batch/v1", "Job", "web", "backup", {"status": status}, subresource="status")
    edge.settle(30)


def test_a_hook_that_has_failed_is_told_and_runs_again_once_it_is_deleted() -> None:
    edge = Edge()
    edge.commit(config_map("a"), job("backup", hook="PreDelete"))
    edge.create(finalizers=(RESOURCES,))
    delete(edge)
    for _ in range(2):
        ends(edge, "Failed", "no room")
        assert "PreDelete hooks have failed" in error(edge)
        assert "batch/Job/backup: no room" in error(edge)
        version = edge.agent.cluster.get(API, "Application", "argocd", "shop")["metadata"]["resourceVersion"]
        edge.settle(600)
        assert edge.agent.cluster.get(API, "Application", "argocd", "shop")["metadata"]["resourceVersion"] == version
        edge.agent.cluster.delete("batch/v1", "Job", "web", "backup")
        edge.settle(30)
        assert there(edge, "Job", "backup") is not None
        assert there(edge, "ConfigMap", "a") is not None
        assert not error(edge)
    ends(edge, "Complete")
    edge.settle(60)
    assert there(edge, "ConfigMap", "a") is None
    assert there(edge, "Application", "shop", "argocd") is None


def test_a_hook_that_is_deleted_while_it_runs_is_made_again() -> None:
    edge = Edge()
    edge.commit(config_map("a"), job("backup", hook="PreDelete"))
    edge.create(finalizers=(RESOURCES,))
    delete(edge)
    for _ in range(3):
        edge.agent.cluster.delete("batch/v1", "Job", "web", "backup")
        edge.settle(30)
        assert there(edge, "Job", "backup") is not None
    assert there(edge, "ConfigMap", "a") is not None
