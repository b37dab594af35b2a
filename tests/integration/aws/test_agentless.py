"""An Application of the deployed stack goes to an EKS cluster without an agent: the function lists it and writes there.

The development cluster is both: that of the agent, where the Application lives, and behind a door as EKS has them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import NotFound
from argosy.local.devcluster import ClusterInfo
from argosy.services.runtime import Runtime
from support.awsagent import agent_in, argosy
from support.awsflow import REGION, patiently
from support.eks import Door, EksApi, Sts, behind
from support.gitops import API, RESOURCES, config_map
from support.gitserver import Repo, serving
from support.localstack import LocalStack, Stack

pytestmark = pytest.mark.cluster

MANAGING: Final = "managing"
CONTROL: Final = "managing-argocd"
NAMESPACE: Final = "agentless"
ARN: Final = f"arn:aws:eks:{REGION}:000000000000:cluster/home"
LARGE: Final = secrets.token_hex(110_000)  # too large for a row

type Json = dict[str, Any]


@pytest.fixture
def cluster(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    for name in (CONTROL, NAMESPACE):
        connected.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield connected
    for name in (CONTROL, NAMESPACE):
        connected.delete("v1", "Namespace", "", name)
    connected.close()


@pytest.fixture
def door(dev_cluster: ClusterInfo, localstack: LocalStack, stack: Stack, eks: EksApi) -> Iterator[Door]:
    """It lets in the function of Applications, which may do everything."""
    role = stack.outputs["ReconcileAppRoleArn"].rpartition("/")[2]
    known = {f"arn:aws:sts::000000000000:assumed-role/{role}/{stack.resources['ReconcileAppFunction']}"}
    made = Door("home", behind(dev_cluster.kubeconfig), Sts(localstack.endpoint), known)
    eks.clusters["home"] = made.described | {"arn": ARN}
    yield made
    del eks.clusters["home"]
    made.close()


@pytest.fixture
def clusters(
    environment: None, localstack: LocalStack, stack: Stack, dev_cluster: ClusterInfo, door: Door, tmp_path: Path
) -> Iterator[None]:
    """A management cluster with an agent, and `far` without."""
    del environment, door
    options = ("--argocd-namespace", CONTROL, "--management")
    with agent_in(MANAGING, localstack, stack, dev_cluster, tmp_path, *options):
        argosy("cluster", "add", "--eks", ARN, "--name", "far", "--stack", stack.name)
        yield
        argosy("cluster", "rm", "far", "--stack", stack.name, "-y")


def application(url: str) -> Json:
    metadata = {"name": "shop", "namespace": CONTROL, "finalizers": [RESOURCES]}
    spec = {
        "project": "default",
        "source": {"repoURL": url, "path": "app", "targetRevision": "main"},
        "destination": {"name": "far", "namespace": NAMESPACE},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
    }
    return {"apiVersion": API, "kind": "Application", "metadata": metadata, "spec": spec}


def often() -> Json:
    """Settings by which clusters are looked at every few seconds."""
    metadata = {"name": "argocd-cm", "namespace": CONTROL, "labels": {"app.kubernetes.io/part-of": "argocd"}}
    data = {"timeout.reconciliation": "3s", "timeout.reconciliation.jitter": "0s"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_it_is_synced_healed_and_deleted(
    clusters: None,
    cluster: DirectCluster,
    door: Door,
    localstack: LocalStack,
    runtime: Runtime,
    tmp_path: Path,
) -> None:
    def status() -> Json:
        found: Json = cluster.get(API, "Application", CONTROL, "shop").get("status") or {}
        return found

    def value() -> str:
        try:
            return str(cluster.get("v1", "ConfigMap", NAMESPACE, "a")["data"]["v"])
        except NotFound:
            return ""

    def gone() -> bool:
        try:
            status()
        except NotFound:
            return True
        return False

    cluster.create(often())
    repositories = tmp_path / "repositories"
    Repo(repositories / "shop").commit({"app/all.yaml": yaml.safe_dump_all([config_map("a"), config_map("b", LARGE)])})
    with serving(repositories) as server:
        cluster.create(application(server.url("shop", localstack.host_address)))
        assert patiently(runtime, lambda: (status().get("sync") or {}).get("status") == "Synced"), status()
        assert (value(), door.refusals) == ("1", [])
        cluster.patch("v1", "ConfigMap", NAMESPACE, "a", {"data": {"v": "by hand"}})
        assert patiently(runtime, lambda: value() == "1"), status()
        cluster.delete(API, "Application", CONTROL, "shop")
        assert patiently(runtime, gone), status()
    assert (value(), set(door.callers)) == ("", door.known)
