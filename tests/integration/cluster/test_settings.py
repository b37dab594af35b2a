"""`argosy admin settings rbac` with the policies of a cluster."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from argosy.adapters.kube.direct import DirectCluster
from argosy.cli.main import app
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo

pytestmark = pytest.mark.cluster


def test_roles_of_projects_count(cluster: DirectCluster, dev_cluster: ClusterInfo, namespace: str) -> None:
    def says(*words: str) -> str:
        where = ("--namespace", namespace, "--kubeconfig", str(dev_cluster.kubeconfig))
        result = CliRunner().invoke(app, ["admin", "settings", "rbac", *words, *where])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.stdout.strip()

    with pytest.raises(NotFound, match="argocd-rbac-cm"):
        says("validate")
    text = "p, role:ops, clusters, get, *, allow\ng, ada, role:ops"
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argocd-rbac-cm"}}
    cluster.create({**settings, "data": {"policy.csv": text}}, namespace=namespace)
    assert says("validate") == "Policy is valid."
    assert (says("can", "ada", "get", "clusters"), says("can", "bob", "get", "clusters")) == ("Yes", "No")
    dev = {"name": "dev", "policies": ["p, proj:team:dev, applications, sync, team/*, allow"], "groups": ["devs"]}
    project = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "team"}}
    assert says("can", "devs", "sync", "app", "team/web") == "No"
    cluster.create({**project, "spec": {"roles": [dev]}}, namespace=namespace)
    assert says("can", "devs", "sync", "app", "team/web") == "Yes"
    assert says("can", "proj:team:dev", "sync", "app", "team/web") == "Yes"
    assert says("can", "proj:team:dev", "sync", "app", "other/web") == "No"
    assert says("can", "devs", "delete", "app", "team/web") == "No"
