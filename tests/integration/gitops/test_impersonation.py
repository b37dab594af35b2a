"""Syncs as service accounts on a real API server: in the home cluster, through an agent, and by a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from argosy.ports.cluster import ServiceAccount
from support.access import wait_for_access
from support.gitops import API, Site, config_map, deployment, job
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

RBAC = "rbac.authorization.k8s.io"


@pytest.fixture
def impersonating(site: Site) -> Iterator[None]:
    """The settings, and the project of the site's name, whose syncs are the account's `syncer`."""
    metadata = {"name": "argocd-cm", "namespace": site.control, "labels": {"app.kubernetes.io/part-of": "argocd"}}
    data = {"application.sync.impersonation.enabled": "true", "timeout.reconciliation": "3s"}
    site.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
    accounts = [{"server": "*", "namespace": site.namespace, "defaultServiceAccount": "syncer"}]
    destinations = [{"server": "*", "name": "*", "namespace": "*"}]
    spec = {"sourceRepos": ["*"], "destinations": destinations, "destinationServiceAccounts": accounts}
    project = {"name": site.namespace, "namespace": site.control}
    site.cluster.create({"apiVersion": API, "kind": "AppProject", "metadata": project, "spec": spec})
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "syncer"}}
    site.cluster.create(account, namespace=site.namespace)
    yield
    site.cluster.delete("v1", "ConfigMap", site.control, "argocd-cm")
    site.cluster.delete(API, "AppProject", site.control, site.namespace)


@pytest.fixture(params=["here", "by an agent", "by a token"])
def destination(request: pytest.FixtureRequest, site: Site, context: str, up: Up) -> Iterator[dict[str, str]]:
    """The development cluster as the home cluster, or under another name."""
    if request.param == "here":
        yield {"server": "https://kubernetes.default.svc", "namespace": site.namespace}
        return
    name = f"{site.namespace}-far"
    account = ("--name", name, "--gitops", "--namespace", site.namespace, "--system-namespace", site.namespace, "-y")
    for words in (
        ("add", context, *(("--agent", name) if request.param == "by an agent" else account)),
        ("set", name, "--no-door"),
    ):
        done = argosy("cluster", *words, data=up.data)
        assert done.code == 0, done.err
    yield {"name": name, "namespace": site.namespace}
    argosy("cluster", "rm", name, "-y", data=up.data)


def test_what_the_account_may_do_is_done_and_no_more(
    site: Site, impersonating: None, destination: dict[str, str]
) -> None:
    site.commit(config_map("a"))
    site.app(project=site.namespace, destination=destination)
    site.reaches("OutOfSync")
    site.sync()
    state = site.ends("Failed")
    (result,) = state["syncResult"]["resources"]
    who = f"system:serviceaccount:{site.namespace}:syncer"
    assert (result["status"], f'User "{who}" cannot' in result["message"]) == ("SyncFailed", True), result
    assert site.names("v1", "ConfigMap") == []

    _permit(site, ["", "batch"], ["configmaps", "jobs"])
    site.commit(config_map("a"), job("before", hook="PreSync"))
    site.refresh()
    site.sync()
    site.ends("Succeeded", since=state["startedAt"])
    assert site.value("a") == "1"

    site.commit(config_map("a", "2"), deployment("web"))
    site.refresh()
    site.until(lambda: any(one["kind"] == "Deployment" for one in site.status().get("resources", [])) or None, "seen")
    site.sync()
    state = site.ends("Failed")
    told = {one["kind"]: one["message"] for one in state["syncResult"]["resources"]}
    assert "deployments.apps" in told["Deployment"], told
    assert site.names("apps/v1", "Deployment") == []


def _permit(site: Site, groups: list[str], resources: list[str]) -> None:
    role: dict[str, Any] = {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": "syncer"}}
    rules = [{"apiGroups": groups, "resources": resources, "verbs": ["*"]}]
    site.cluster.create({**role, "rules": rules}, namespace=site.namespace)
    subjects = [{"kind": "ServiceAccount", "name": "syncer", "namespace": site.namespace}]
    reference = {"apiGroup": RBAC, "kind": "Role", "name": "syncer"}
    site.cluster.create(
        {**role, "kind": "RoleBinding", "roleRef": reference, "subjects": subjects}, namespace=site.namespace
    )
    account = ServiceAccount(site.namespace, "syncer")
    wait_for_access(site.cluster, account, "create", ".".join((resources[0], groups[0])), site.namespace)
