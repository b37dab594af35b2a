"""The agent's manifests on a real API server: what it makes of them, what they allow, and what uninstalling leaves."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from argosy.adapters.kube.client import connect
from argosy.adapters.kube.direct import DirectCluster
from argosy.errors import ArgosyError, Denied, NotFound
from argosy.local.devcluster import ClusterInfo, Locations, ensure_up, stop
from argosy.local.devcluster.processes import wait_until
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.resources.crds import ANNOTATION, custom_resource_definition
from argosy.resources.definitions import DEFINITIONS
from argosy.services.agents import uninstalling
from argosy.services.agents.identities import roles_anywhere
from argosy.services.agents.manifests import ACCOUNT, AgentOptions, Hub, agent_manifests
from support.access import may, wait_for_access

pytestmark = pytest.mark.cluster

HUB = Hub("edge", "eu-central-1", "https://sqs/commands.fifo", "https://sqs/reports.fifo", "bucket", ("a=",))
DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "")


@pytest.fixture(scope="module")
def cluster(dev_cluster: ClusterInfo) -> Iterator[DirectCluster]:
    connected = connect(dev_cluster.kubeconfig)
    yield connected
    connected.close()


def place() -> str:
    return f"argosy-{uuid.uuid4().hex[:8]}"


def install(cluster: Cluster, name: str = "edge", **options: Any) -> str:
    """Apply every object by server-side apply; the namespace of the agent."""
    chosen = AgentOptions(**{"namespace": place(), **options})
    hub = Hub(name, HUB.region, HUB.commands, HUB.reports, HUB.bucket, HUB.keys)
    for manifest in agent_manifests(hub, chosen):
        cluster.apply(manifest, manager="kubectl")
    return chosen.namespace


def agent_of(namespace: str) -> ServiceAccount:
    return ServiceAccount(namespace, ACCOUNT)


def created(cluster: Cluster, manifest: dict[str, Any]) -> bool:
    """Make it; False while its kind is not served yet."""
    try:
        cluster.create(manifest)
    except NotFound:
        return False
    return True


def definitions(cluster: Cluster) -> set[str]:
    return {obj["metadata"]["name"] for obj in cluster.list(*DEFINITION)}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"read_only": True},
        {"namespaces": ("default",), "http_namespaces": ("kube-system",)},
        {"identity": roles_anywhere("arn:ta", "arn:pr", "arn:ro", "tls", "helper:1")},
    ],
    ids=["all", "read-only", "narrow", "roles-anywhere"],
)
def test_they_apply_cleanly_and_again_without_a_change(cluster: Cluster, options: dict[str, Any]) -> None:
    namespace = install(cluster, place(), **options)
    before = cluster.get("apps/v1", "Deployment", namespace, ACCOUNT)
    container = before["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "ARGOSY_BLOBS", "value": "bucket"} in container["env"]
    install(cluster, before["metadata"]["labels"]["argosy.dev/agent"], **{**options, "namespace": namespace})
    assert cluster.get("apps/v1", "Deployment", namespace, ACCOUNT)["metadata"]["generation"] == 1


@pytest.mark.parametrize(
    ("verb", "resource", "sub", "allowed"),
    [
        ("list", "pods", "", True),
        ("watch", "pods", "", True),
        ("watch", "deployments.apps", "", True),
        ("watch", "workflows.argoproj.io", "", True),
        ("patch", "sensors.argoproj.io", "status", True),
        ("patch", "eventsources.argoproj.io", "", True),
        ("impersonate", "serviceaccounts", "", True),
        ("impersonate", "users", "", False),
        ("impersonate", "groups", "", False),
        ("get", "secrets", "", False),
        ("create", "pods", "", False),
        ("delete", "sensors.argoproj.io", "", False),
        ("patch", "workflows.argoproj.io", "", False),
        ("create", "serviceaccounts", "token", False),
        ("create", "pods", "exec", False),
        ("patch", "clusterroles.rbac.authorization.k8s.io", "", False),
    ],
)
def test_what_the_agent_may(cluster: Cluster, verb: str, resource: str, sub: str, allowed: bool) -> None:
    namespace = install(cluster, "rights", namespace="argosy-rights")
    wait_for_access(cluster, agent_of(namespace), "list", "pods")
    assert may(cluster, agent_of(namespace), verb, resource, sub=sub) is allowed


def test_the_agent_reads_as_itself(cluster: Cluster) -> None:
    agent = cluster.acting_as(agent_of(install(cluster)))

    def reads() -> bool:
        try:
            agent.list("v1", "Pod", "")
        except Denied:
            return False
        return True

    assert wait_until(reads, 20, 0.05)
    with pytest.raises(Denied):
        agent.list("v1", "Secret", "")


def test_an_agent_that_only_reads(cluster: Cluster) -> None:
    namespace = install(cluster, "reader", namespace="argosy-reader", read_only=True)
    wait_for_access(cluster, agent_of(namespace), "list", "pods")
    for verb, resource in (("impersonate", "serviceaccounts"), ("patch", "sensors.argoproj.io")):
        assert not may(cluster, agent_of(namespace), verb, resource)


def test_namespaces_narrow(cluster: Cluster) -> None:
    inside, outside = place(), place()
    for name in (inside, outside):
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    namespace = install(cluster, "narrow", namespaces=(inside,))
    wait_for_access(cluster, agent_of(namespace), "watch", "pods", inside)
    assert may(cluster, agent_of(namespace), "impersonate", "serviceaccounts", inside)
    for where in (outside, ""):
        assert not may(cluster, agent_of(namespace), "list", "pods", where)
        assert not may(cluster, agent_of(namespace), "impersonate", "serviceaccounts", where)


# Uninstalling


@pytest.fixture(scope="module")
def own_cluster(cluster_locations: Locations) -> Iterator[DirectCluster]:
    """A cluster that nobody else uses: definitions are for all of its users."""
    name = f"uninstall-{os.getpid()}"
    connected = connect(ensure_up(name, owner_pid=os.getpid(), locations=cluster_locations).kubeconfig)
    yield connected
    connected.close()
    stop(name, locations=cluster_locations)


def define(cluster: Cluster, kind: str, *, ours: bool) -> str:
    """Put a kind's definition there, as we install it or as Argo does; its name."""
    body = custom_resource_definition(DEFINITIONS[kind])
    if not ours:
        body["metadata"]["annotations"] = {ANNOTATION: None}
    cluster.apply(custom_resource_definition(DEFINITIONS[kind]), force=True)
    cluster.patch(*DEFINITION, body["metadata"]["name"], {"metadata": body["metadata"]})
    return str(body["metadata"]["name"])


def test_uninstalling_removes_what_is_ours_and_nothing_else(own_cluster: DirectCluster) -> None:
    cluster = own_cluster
    ours, theirs = define(cluster, "EventBus", ours=True), define(cluster, "WorkflowEventBinding", ours=False)
    name, other = place(), place()
    namespace, kept = install(cluster, name), install(cluster, other, namespaces=("default",))
    bus = {"apiVersion": "argoproj.io/v1alpha1", "kind": "EventBus", "metadata": {"name": "default"}, "spec": {}}
    assert wait_until(lambda: created(cluster, bus), 20, 0.1)

    shared = {one.kind for one in uninstalling.found(cluster, name)}
    assert "CustomResourceDefinition" not in shared, "the other agent's users need them"
    list(uninstalling.remove(cluster, uninstalling.found(cluster, other)[:1]))
    found = uninstalling.found(cluster, name)
    assert uninstalling.declared_there(cluster, found) == 1
    removed = list(uninstalling.remove(cluster, [one for one in found if one.kind != "Namespace"]))
    assert {str(one) for one in removed} >= {
        f"Deployment {namespace}/{ACCOUNT}",
        f"ServiceAccount {namespace}/{ACCOUNT}",
        f"ClusterRole {namespace}-agent",
        f"CustomResourceDefinition {ours}",
    }
    assert wait_until(lambda: ours not in definitions(cluster), 30, 0.1)
    assert theirs in definitions(cluster)
    assert cluster.get("v1", "ServiceAccount", kept, ACCOUNT)
    assert wait_until(lambda: uninstalling.is_empty(cluster, namespace), 30, 0.1)


def test_a_namespace_that_holds_something_of_others_is_not_empty(cluster: Cluster) -> None:
    namespace = place()
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    assert uninstalling.is_empty(cluster, namespace)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine", "namespace": namespace}}
    cluster.create(secret)
    assert not uninstalling.is_empty(cluster, namespace)


def test_what_has_taken_a_name_meanwhile_is_not_removed(cluster: Cluster) -> None:
    name = place()
    namespace = install(cluster, name, namespaces=("default",))
    (account,) = [one for one in uninstalling.found(cluster, name) if one.kind == "ServiceAccount"]
    cluster.delete("v1", "ServiceAccount", namespace, ACCOUNT)
    again = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": namespace}}
    cluster.create(again)
    with pytest.raises(ArgosyError):
        list(uninstalling.remove(cluster, [account]))
    assert cluster.get("v1", "ServiceAccount", namespace, ACCOUNT)
    cluster.delete("v1", "ServiceAccount", namespace, ACCOUNT)
    with pytest.raises(NotFound):
        cluster.get("v1", "ServiceAccount", namespace, ACCOUNT)
    assert list(uninstalling.remove(cluster, [account])) == []
