"""Syncs whose hooks are Jobs of real containers: they run, fail and tell, and the sync goes by how they end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo
from argosy.local.devcluster.node.images import BUSYBOX_IMAGE
from argosy.local.devcluster.node.settings import LABEL
from support.gitops import Site, config_map
from support.gitserver import GitServer, Repo
from support.up import Up, argosy

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("real-node")]

CONTROL = "argocd-real"
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def context(real_cluster: ClusterInfo) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(real_cluster.kubeconfig))
        yield str(yaml.safe_load(real_cluster.kubeconfig.read_text())["current-context"])


@pytest.fixture(scope="module")
def cluster(real_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(real_cluster.kubeconfig)
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def control(cluster: DirectCluster) -> Iterator[str]:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": CONTROL}})
    yield CONTROL
    cluster.delete("v1", "Namespace", "", CONTROL)


@pytest.fixture
def site(up: Up, cluster: DirectCluster, control: str, repositories: GitServer) -> Iterator[Site]:
    del up
    name = f"hooks-{next(NUMBERS)}"
    made = Site(cluster, control, name, Repo(repositories.root / name), repositories)
    yield made
    made.close()


def pod(script: str, **more: Any) -> dict[str, Any]:
    main = {"name": "main", "image": BUSYBOX_IMAGE, "imagePullPolicy": "Never", "command": ["sh", "-c", script]}
    return {"nodeSelector": {LABEL: "real"}, "terminationGracePeriodSeconds": 0, "containers": [main], **more}


def hook(name: str, phase: str, script: str) -> dict[str, Any]:
    spec = {"backoffLimit": 0, "template": {"spec": pod(script, restartPolicy="Never")}}
    metadata = {"name": name, "annotations": {"argocd.argoproj.io/hook": phase}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def web(script: str) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": pod(script)}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_hooks_run_before_and_after(up: Up, site: Site, cluster: DirectCluster) -> None:
    site.commit(
        hook("migrate", "PreSync", "sleep 2; echo migrated"),
        config_map("settings"),
        web("echo serving; exec sleep 1000"),
        hook("smoke", "PostSync", "echo all is well"),
    )
    site.app(automated={})
    site.reaches("Synced", "Healthy")
    site.ends("Succeeded")
    before, after = (cluster.get("batch/v1", "Job", site.namespace, name)["status"] for name in ("migrate", "smoke"))
    made = at(cluster.get("v1", "ConfigMap", site.namespace, "settings")["metadata"]["creationTimestamp"])
    assert at(before["completionTime"]) <= made <= at(after["startTime"])
    (ready,) = cluster.list("v1", "Pod", site.namespace, label_selector="app=web")
    assert ready["status"]["phase"] == "Running"
    name = f"{site.control}/{site.namespace}"
    said = argosy("app", "logs", name, "--kind", "Deployment", "--name", "web", data=up.data)
    assert "serving" in said.out, said.err
    said = argosy("app", "logs", name, "--kind", "Job", "--name", "smoke", "--follow", data=up.data)
    assert "all is well" in said.out, said.err


def test_a_hook_that_fails_ends_the_sync(site: Site, cluster: DirectCluster) -> None:
    site.commit(
        hook("migrate", "PreSync", "echo the table is locked; exit 7"),
        config_map("settings"),
        hook("told", "SyncFail", "echo somebody was told"),
    )
    site.app()
    site.sync()
    state = site.ends("Failed")
    results = {one["name"]: one for one in state["syncResult"]["resources"]}
    assert (results["migrate"]["hookPhase"], results["told"]["hookPhase"]) == ("Failed", "Succeeded")
    assert "BackoffLimitExceeded" in results["migrate"]["message"] or "backoff limit" in results["migrate"]["message"]
    with pytest.raises(NotFound):
        cluster.get("v1", "ConfigMap", site.namespace, "settings")
    (one,) = cluster.list("v1", "Pod", site.namespace, label_selector="job-name=told")
    assert cluster.log(site.namespace, one["metadata"]["name"]) == "somebody was told\n"
