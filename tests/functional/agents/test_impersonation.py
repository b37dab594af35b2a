"""Syncs with the rights of the service accounts that projects name."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.ports.fakes.cluster import FakeCluster
from functional.agents.test_agentless import THERE, Managing
from support.edge import Edge
from support.gitops import API, RESOURCES, config_map, job

type Json = dict[str, Any]

RBAC = "rbac.authorization.k8s.io/v1"
ANY = "*"


def declare(edge: Edge, account: str = "syncer", **spec: Any) -> None:
    """Impersonation, and the project `p` with one account for every destination."""
    metadata: Json = {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}
    data = {"application.sync.impersonation.enabled": "true"}
    edge.agent.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    accounts = [{"server": ANY, "namespace": ANY, "defaultServiceAccount": account}] if account else []
    destinations = [{"server": ANY, "name": ANY, "namespace": ANY}]
    body = {"sourceRepos": [ANY], "destinations": destinations, "destinationServiceAccounts": accounts} | spec
    edge.agent.cluster.create(
        {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "p", "namespace": "argocd"}, "spec": body}
    )
    edge.settle()


def permit(cluster: FakeCluster, *resources: str, account: str = "syncer", verbs: tuple[str, ...] = (ANY,)) -> None:
    """Rights of an account in the namespace `web`."""
    rules = [{"apiGroups": [ANY], "resources": list(resources), "verbs": list(verbs)}]
    metadata = {"name": f"{account}-{resources[0]}", "namespace": "web"}
    cluster.create({"apiVersion": RBAC, "kind": "Role", "metadata": metadata, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": metadata["name"]}
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": "web"}]
    body = {"metadata": metadata, "roleRef": reference, "subjects": subjects}
    cluster.create({"apiVersion": RBAC, "kind": "RoleBinding", **body})


def synced(edge: Edge, seconds: int = 60) -> Json:
    """The state of a sync by hand, with pruning, once it is over."""
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"operation": {"sync": {"prune": True}}})
    edge.settle(seconds)
    state: Json = edge.status()["operationState"]
    return state


def results(state: Json) -> dict[str, tuple[str, str]]:
    """Name → status and message of what a sync has written."""
    found = state["syncResult"]["resources"]
    return {one["name"]: (one.get("status", ""), one.get("message", "")) for one in found}


@pytest.mark.parametrize("agent", [True, False])
def test_what_the_account_may_not_do_is_a_failed_result(agent: bool) -> None:
    edge = Managing()
    declare(edge)
    edge.commit(config_map("a"))
    here = {"server": "https://kubernetes.default.svc", "namespace": "web"}
    edge.create(project="p", syncPolicy={}, destination=here if agent else THERE)
    state = synced(edge)
    assert state["phase"] == "Failed"
    status, message = results(state)["a"]
    assert (status, "system:serviceaccount:web:syncer" in message) == ("SyncFailed", True), message
    permit(edge.agent.cluster if agent else edge.far.inner, "configmaps")
    assert (synced(edge, 200)["phase"], edge.status()["sync"]["status"]) == ("Succeeded", "Synced")


def test_hooks_dry_runs_and_pruning_are_done_as_the_account_too() -> None:
    edge = Edge()
    declare(edge, account="web:syncer")
    permit(edge.agent.cluster, "configmaps", verbs=("create", "get", "patch"))
    edge.commit(config_map("a"), config_map("b"))
    edge.create(project="p", syncPolicy={})
    assert synced(edge)["phase"] == "Succeeded"
    edge.commit(config_map("a"))
    status, message = results(synced(edge))["b"]
    assert (status, "delete" in message, edge.value("b")) == ("SyncFailed", True, "1")
    edge.commit(config_map("a", "2"), config_map("b"), job("before", hook="PreSync"))
    status, message = results(synced(edge))["before"]
    assert (status, "create" in message, edge.value("a")) == ("SyncFailed", True, "1")


def test_no_account_for_the_destination_ends_the_operation() -> None:
    edge = Edge()
    declare(edge, account="")
    edge.commit(config_map("a"))
    edge.create(project="p", syncPolicy={})
    state = synced(edge)
    said = "failed to find a matching service account to impersonate: no matching service account found for "
    there = "destination server https://kubernetes.default.svc and namespace web"
    assert (state["phase"], state["message"]) == ("Error", said + there)
    with pytest.raises(NotFound):
        edge.value()


def test_an_application_goes_with_what_its_account_may_delete() -> None:
    edge = Edge()
    declare(edge)
    permit(edge.agent.cluster, "configmaps", verbs=("create", "get", "patch"))
    edge.commit(config_map("a"))
    edge.create(project="p", finalizers=(RESOURCES,))
    edge.settle(30)
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(60)
    (condition,) = edge.status()["conditions"]
    assert (condition["type"], "cannot delete" in condition["message"]) == ("DeletionError", True), condition
    edge.agent.cluster.patch(API, "AppProject", "argocd", "p", {"spec": {"destinationServiceAccounts": []}})
    edge.settle(200)
    (condition,) = edge.status()["conditions"]
    assert condition["message"].startswith("failed to find a matching service account"), condition
    permit(edge.agent.cluster, "configmaps", account="remover")
    accounts = [{"server": ANY, "namespace": ANY, "defaultServiceAccount": "remover"}]
    edge.agent.cluster.patch(API, "AppProject", "argocd", "p", {"spec": {"destinationServiceAccounts": accounts}})
    edge.settle(200)
    for gone in (edge.status, edge.value):
        with pytest.raises(NotFound):
            gone()


def test_an_agent_that_does_not_know_of_accounts_is_asked_for_no_plain_batch() -> None:
    edge = Edge()
    declare(edge)
    edge.commit(config_map("a"))
    edge.create(project="p")
    kinds = {kind for _, kind, _ in edge.hub.work if kind.startswith("batch")}
    assert kinds == {"batch-as"}
