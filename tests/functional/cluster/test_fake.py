"""The fake cluster keeps the contract of the port, and what is the fake's own."""

from __future__ import annotations

import pytest

from argosy.errors import InvalidObject, NotFound
from argosy.ports.cluster import Cluster, ServiceAccount
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster, FakeKind
from contracts.cluster import ClusterContract, config_map


@pytest.fixture
def cluster() -> Cluster:
    return FakeCluster(FakeClock())


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}})
    return "mine"


class TestFakeCluster(ClusterContract):
    """On the fake."""


def test_kinds_can_be_added() -> None:
    cluster = FakeCluster(FakeClock(), kinds=[FakeKind("example.com/v1", "Gadget", "gadgets")])
    assert cluster.list("example.com/v1", "Gadget", "default") == []


def test_a_namespace_takes_its_objects_along(cluster: Cluster, namespace: str) -> None:
    cluster.create(config_map("one"), namespace=namespace)
    cluster.delete("v1", "Namespace", "", namespace)
    with pytest.raises(NotFound):
        cluster.get("v1", "ConfigMap", namespace, "one")


def test_an_owner_takes_what_it_owns_along(cluster: Cluster, namespace: str) -> None:
    owner = cluster.create(config_map("owner"), namespace=namespace)
    owned = config_map("owned")
    owned["metadata"]["ownerReferences"] = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner"}]
    owned["metadata"]["ownerReferences"][0]["uid"] = owner["metadata"]["uid"]
    cluster.create(owned, namespace=namespace)
    cluster.delete("v1", "ConfigMap", namespace, "owner")
    assert cluster.list("v1", "ConfigMap", namespace) == []


@pytest.mark.parametrize(
    ("namespace", "name"), [("", "a"), ("a/b", "c"), ("a", "b:c"), ("a", ""), ("a", "x\r\nHost: y")]
)
def test_a_service_account_that_cannot_be(namespace: str, name: str) -> None:
    with pytest.raises(InvalidObject, match="names no service account"):
        ServiceAccount(namespace, name)


def test_the_identity_of_a_service_account() -> None:
    user = ServiceAccount("ns")
    assert user.user == "system:serviceaccount:ns:default"
    assert user.groups == ("system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated")
