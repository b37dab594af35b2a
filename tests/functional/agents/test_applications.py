"""Applications of a cluster behind an agent: the functions decide, the product's own agent does, all in memory."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.ports.repository import Ref
from argosy.services.agents.administration import Administration, Change
from argosy.services.agents.registry import Entry
from argosy.services.applications.checking import RepositoryCheck
from argosy.services.applications.following import repository_key
from support.edge import URL, Edge
from support.gitops import API, RESOURCES, config_map, job


def test_it_is_synced_healed_and_follows_its_branch() -> None:
    edge = Edge()
    first = edge.commit(config_map("a"))
    edge.create()
    assert (edge.status()["sync"]["status"], edge.status()["sync"]["revision"]) == ("Synced", first)
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(10)
    assert edge.value() == "1"
    second = edge.commit(config_map("a", "2"))
    edge.settle()
    assert edge.status()["sync"]["revision"] == first, "nobody has asked the repository"
    edge.settle(600)
    assert (edge.status()["sync"]["revision"], edge.value()) == (second, "2")


def test_what_one_finds_out_the_others_are_told() -> None:
    edge = Edge()
    first = edge.commit(config_map("a"))
    edge.create()
    edge.create(name="other", destination={"server": "https://kubernetes.default.svc", "namespace": "team"})
    second = edge.commit(config_map("a", "2"))
    notes = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", notes)
    edge.settle()
    assert (
        [edge.status(name=name)["sync"]["revision"] for name in ("shop", "other")] == [second, second] != [first, first]
    )


def test_a_crash_of_the_check_of_a_repository_leaves_nobody_behind() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create()
    second = edge.commit(config_map("a", "2"))
    edge.made.clock.advance(600)
    check = RepositoryCheck(edge.made.runtime)
    assert check.observe(repository_key(URL)) is not None, "and nothing is made of it"
    edge.settle(600)
    assert edge.status()["sync"]["revision"] == second


@pytest.mark.parametrize(("revision", "asked"), [("main", True), ("v1", True), ("0" * 39 + "1", False)])
def test_what_cannot_move_is_not_asked_for(revision: str, asked: bool) -> None:
    edge = Edge()
    commit = edge.commit(config_map("a"))
    edge.held.refs.append(Ref("refs/tags/v1", commit))
    edge.create(source={"repoURL": URL, "path": "app", "targetRevision": revision})
    assert edge.status()["sync"]["revision"] == commit
    check = RepositoryCheck(edge.made.runtime)
    assert (check.observe(repository_key(URL)) is not None) == asked


def test_an_unchanged_one_costs_no_message_and_no_write() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create()
    before, sent = edge.agent.cluster.get(API, "Application", "argocd", "shop"), len(edge.made.link.sent)
    edge.settle(600)
    assert edge.agent.cluster.get(API, "Application", "argocd", "shop") == before
    assert len(edge.made.link.sent) == sent


def test_one_that_is_to_be_left_alone() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create()
    notes = {"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", notes)
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(600)
    assert edge.value() == "by hand"
    notes["metadata"]["annotations"]["argocd.argoproj.io/skip-reconcile"] = "false"
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", notes)
    edge.settle(10)
    assert edge.value() == "1"


@pytest.mark.parametrize("how", ["it ends", "they are claimed"])
def test_what_a_living_argo_cd_serves_is_left_to_it(how: str) -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.hub.report({"report": "heartbeat", "controllers": ["argo-cd/argocd"]})
    edge.create()
    edge.settle(600)
    assert edge.status() == {}
    if how == "it ends":
        edge.hub.report({"report": "heartbeat", "controllers": []})
    else:
        Administration(edge.made.runtime).change("edge", Change(claimed=True), "operator")
    edge.settle()
    assert edge.status()["sync"]["status"] == "Synced"


def test_an_argo_cd_of_another_namespace_is_no_obstacle() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.hub.report({"report": "heartbeat", "controllers": ["argo-cd/elsewhere"]})
    edge.create()
    assert edge.status()["sync"]["status"] == "Synced"


def test_only_kinds_that_applications_put_there_are_watched() -> None:
    edge = Edge()
    resources = {one.resource for one in edge.agent.subscription.scopes}
    assert "configmaps" in resources, "settings"
    assert not {one for one in edge.agent.subscription.scopes if one.purpose == "mirror"}
    edge.commit(config_map("a"))
    edge.create()
    assert [one.resource for one in edge.agent.subscription.scopes if one.purpose == "mirror"] == ["configmaps"]


def test_values_of_secrets_are_compared_and_never_told() -> None:
    edge = Edge()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "canary-value"}}
    edge.commit(secret)
    edge.create()
    assert edge.status()["sync"]["status"] == "Synced"
    edge.agent.cluster.patch("v1", "Secret", "web", "s", {"data": {"key": "b3RoZXI="}})
    edge.settle(10)
    assert edge.agent.cluster.get("v1", "Secret", "web", "s")["data"]["key"] == "Y2FuYXJ5LXZhbHVl"
    told = [
        row.data
        for scope in edge.hub.mirror().scopes()
        for row in edge.made.runtime.store.query(f"mirror/edge/{scope}")
    ]
    assert "canary" not in str([told, edge.status()])
    assert "Y2FuYXJ5" not in str([told, edge.status()])


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"orphanedResources": {}}, ["Application has 1 orphaned resources"]),
        ({"orphanedResources": {"warn": False}}, []),
        ({"orphanedResources": {"ignore": [{"kind": "ConfigMap", "name": "by-*"}]}}, []),
        ({}, []),
    ],
)
def test_objects_that_nobody_has(spec: dict[str, Any], said: list[str]) -> None:
    edge = Edge()
    project = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], **spec}
    metadata = {"name": "watched", "namespace": "argocd"}
    edge.agent.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": project})
    edge.commit(config_map("a"))
    for name in ("by-hand", "kube-root-ca.crt"):
        edge.agent.cluster.create(config_map(name), namespace="web")
    edge.create(project="watched")
    edge.settle(10)
    assert edge.status()["sync"]["status"] == "Synced"
    assert [one["message"] for one in edge.status().get("conditions", [])] == said


def test_the_server_is_asked_what_an_apply_would_do() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(syncPolicy={})
    assert edge.status()["sync"]["status"] == "OutOfSync"
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"operation": {"sync": {}}})
    edge.settle(10)
    asked = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true,IncludeMutationWebhook=true"}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"metadata": {"annotations": asked}})
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "by hand"}})
    edge.settle(10)
    assert (edge.status()["sync"]["status"], edge.status().get("conditions")) == ("OutOfSync", None)
    requests = [body for _, kind, body in edge.hub.work if kind == "request"]
    assert {one["verb"] for one in requests if one["arguments"].get("dry_run")} == {"patch", "apply"}
    assert edge.value() == "by hand", "nothing was written"


@pytest.mark.parametrize("gone", [False, True])
def test_a_hook_that_the_agent_has_not_told_of_yet_is_not_gone(gone: bool) -> None:
    edge = Edge()
    edge.commit(config_map("a"), job("first"))
    edge.create()
    edge.agent.blind = {"jobs"}
    edge.commit(config_map("a", "2"), job("first"), job("before", hook="PreSync"))
    edge.settle(600)
    operation = edge.status()["operationState"]
    assert (operation["phase"], operation.get("retryCount"), edge.value()) == ("Running", None, "1")
    if gone:
        edge.agent.cluster.patch("batch/v1", "Job", "web", "before", {"metadata": {"finalizers": None}})
        edge.agent.cluster.delete("batch/v1", "Job", "web", "before")
    else:
        done = {"status": {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1}}
        edge.agent.cluster.patch("batch/v1", "Job", "web", "before", done, subresource="status")
    edge.agent.cluster.create(config_map("later"), namespace="web")
    edge.agent.blind = set()
    edge.agent.list()
    edge.settle(60)
    operation = edge.status()["operationState"]
    if gone:
        assert operation["retryCount"] == 1, "of that attempt it has failed"
    else:
        assert (operation["phase"], edge.value()) == ("Succeeded", "2"), operation


def test_of_a_cluster_that_was_removed_nothing_is_done_again_and_again() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create()
    Administration(edge.made.runtime).remove("edge", "operator")
    runtime, hub = edge.made.runtime, edge.hub
    runtime.app_wakes.wake("edge/argoproj.io/Application/argocd/shop")
    runtime.rollout_wakes.wake("edge/argoproj.io/Rollout/web/shop")
    for kind in ("argoproj.io/EventSource/team/hook", "argosy.dev/Agent//edge"):
        runtime.door_wakes.wake(f"edge/{kind}")
    hub.turn_apps()
    hub.turn_rollouts()
    hub.turn()
    assert list(edge.made.runtime.applications.following.followers(repository_key(URL))) == []


def test_it_takes_its_objects_along() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(finalizers=(RESOURCES,))
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(30)
    for kind, namespace, name in (("ConfigMap", "web", "a"), ("Application", "argocd", "shop")):
        with pytest.raises(NotFound):
            edge.agent.cluster.get("v1" if kind == "ConfigMap" else API, kind, namespace, name)
    assert list(edge.made.runtime.applications.following.followers(repository_key(URL))) == []
    assert edge.made.runtime.store.query("deploys/edge") == []


def test_elsewhere_than_in_the_control_namespace_it_is_nobodys() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create("team")
    assert edge.status("team") == {}


@pytest.mark.parametrize("permitted", [True, False])
def test_a_project_says_where_its_applications_may_be(permitted: bool) -> None:
    edge = Edge(Entry("edge", "agent", application_namespaces=("team",)))
    spec = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    spec |= {"sourceNamespaces": ["team"]} if permitted else {}
    metadata = {"name": "ours", "namespace": "argocd"}
    edge.agent.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": metadata, "spec": spec})
    edge.commit(config_map("a"))
    edge.create("team", project="ours")
    if permitted:
        assert edge.status("team")["sync"]["status"] == "Synced"
        live = edge.agent.cluster.get("v1", "ConfigMap", "web", "a")
        assert live["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"].startswith("team_shop:")
    else:
        (condition,) = edge.status("team")["conditions"]
        assert "is not permitted to use project 'ours'" in condition["message"]


def test_a_cluster_that_is_no_management_cluster_reaches_itself_alone() -> None:
    edge = Edge(others=(Entry("other", "agent"),))
    edge.commit(config_map("a"))
    edge.create(destination={"name": "other", "namespace": "web"})
    (condition,) = edge.status()["conditions"]
    assert (condition["type"], condition["message"]) == (
        "InvalidSpecError",
        "there are no clusters with this name: other",
    )


def test_a_kind_that_the_agent_may_not_watch_is_told() -> None:
    edge = Edge()
    blind = pytest.MonkeyPatch()
    blind.setattr(edge.agent, "list", lambda: None)
    edge.commit(config_map("a"))
    edge.create()
    assert edge.status() == {}
    scope = next(one for one in edge.agent.subscription.scopes if one.purpose == "mirror")
    edge.hub.report(
        {
            "report": "heartbeat",
            "scopes": {scope.key: "refused: configmaps is forbidden"},
            "subscription": edge.agent.subscription.digest,
        }
    )
    edge.settle(30)
    (condition,) = edge.status()["conditions"]
    assert condition["type"] == "ComparisonError"
    assert "may not watch ConfigMap: configmaps is forbidden (argosy agent manifests --gitops)" in condition["message"]
    blind.undo()
    edge.agent.list()
    edge.settle(120)
    assert edge.status()["sync"]["status"] == "Synced"
