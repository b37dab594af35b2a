"""A cluster that one of Argo CD's Secrets names is a destination: the development cluster, by its own address."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.adapters.kube.kubeconfig import server_of
from argosy.local.devcluster import ClusterInfo
from argosy.ports.clock import SystemClock
from argosy.ports.cluster import ServiceAccount
from argosy.services.agents.managers import MANAGER, Account, install
from support.access import wait_for_access
from support.gitops import API, Site, config_map
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("gitops")]

type Json = dict[str, Any]


def by_token(site: Site, context: str, info: ClusterInfo) -> Json:
    """As `argocd cluster add` keeps it: the token of an account that may do everything."""
    token = install(site.cluster, SystemClock(), Account(site.namespace))
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": MANAGER, "namespace": site.namespace}
    body: Json = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding"}
    site.cluster.create(
        {**body, "metadata": {"name": site.namespace}, "roleRef": role, "subjects": [subject]},
    )
    wait_for_access(site.cluster, ServiceAccount(site.namespace, MANAGER), "create", "configmaps")
    _, ca = server_of(info.kubeconfig, context)
    return {"bearerToken": token, "tlsClientConfig": {"caData": ca, "serverName": "kubernetes"}}


def unseen(site: Site, context: str, info: ClusterInfo) -> Json:
    """The same, of a server whose certificate nobody looks at."""
    return by_token(site, context, info) | {"tlsClientConfig": {"insecure": True}}


@pytest.mark.parametrize("signs_in", [by_token, unseen])
def test_an_application_goes_there(
    signs_in: Callable[[Site, str, ClusterInfo], Json], site: Site, complete_cluster: ClusterInfo, context: str, up: Up
) -> None:
    server, _ = server_of(complete_cluster.kubeconfig, context)
    name = f"{site.namespace}-far"
    metadata = {"name": name, "namespace": site.control, "labels": {"argocd.argoproj.io/secret-type": "cluster"}}
    config = signs_in(site, context, complete_cluster)
    texts = {"name": name, "server": server, "project": name, "config": json.dumps(config)}
    site.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts})
    permits = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    project = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": name, "namespace": site.control}}
    site.cluster.create({**project, "spec": {**permits, "permitOnlyProjectScopedClusters": True}})
    try:
        site.commit(config_map("a"))
        source = ("--repo", site.url, "--path", "app", "--revision", "main", "--project", name)
        create = (
            "app",
            "create",
            site.namespace,
            "--argocd-namespace",
            site.control,
            *source,
            "--sync-policy",
            "automated",
        )
        refused = argosy(*create, "--dest-name", "in-cluster", "--dest-namespace", site.namespace, data=up.data)
        assert "do not match any of the allowed destinations" in refused.err
        created = argosy(*create, "--dest-name", name, "--dest-namespace", site.namespace, data=up.data)
        assert created.code == 0, created.err
        site.reaches("Synced", "Healthy")
        assert site.value("a") == "1"
        listed = argosy("cluster", "list", "-o", "json", data=up.data)
        assert (name in listed.out, str(config.get("bearerToken", "canary")) in listed.out) == (True, False), listed.err
    finally:
        site.cluster.delete("v1", "Secret", site.control, name)
        site.cluster.delete(API, "AppProject", site.control, name)
