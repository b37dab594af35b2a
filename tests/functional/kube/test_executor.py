"""Creating objects for firings, on the fake cluster: once, as the service account, told apart by the firing's id."""

from __future__ import annotations

import asyncio

import pytest

from argosy.adapters.kube.executor import CreateExecutor
from argosy.errors import AlreadyExists, Denied
from argosy.events.effects import CreateObject
from argosy.events.triggers.k8s import FIRING_ANNOTATION
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from contracts.cluster import grant

FIRING = FiringInfo("f1", "team", "sensor", "trigger")


@pytest.fixture
def cluster() -> FakeCluster:
    made = FakeCluster(FakeClock())
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})
    return made


def config_map(firing: str) -> CreateObject:
    annotations = {FIRING_ANNOTATION: firing} if firing else {}
    metadata = {"name": "one", "namespace": "team", "annotations": annotations}
    return CreateObject({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}, "team", "default")


def test_creates_as_the_service_account_only(cluster: FakeCluster) -> None:
    executor = CreateExecutor(cluster)
    with pytest.raises(Denied):
        asyncio.run(executor.execute(config_map("f1"), FIRING))
    grant(cluster, "team", "", "configmaps", "create")
    assert asyncio.run(executor.execute(config_map("f1"), FIRING)) == "ConfigMap team/one created"
    assert cluster.get("v1", "ConfigMap", "team", "one")["metadata"]["name"] == "one"


@pytest.mark.parametrize(("first", "succeeds"), [("f1", True), ("f0", False), ("", False)])
def test_a_name_that_is_taken(cluster: FakeCluster, first: str, succeeds: bool) -> None:
    grant(cluster, "team", "", "configmaps", "create", "get")
    cluster.create(config_map(first).manifest, namespace="team")
    executor = CreateExecutor(cluster)
    if succeeds:
        assert "earlier attempt" in asyncio.run(executor.execute(config_map("f1"), FIRING))
    else:
        with pytest.raises(AlreadyExists):
            asyncio.run(executor.execute(config_map("f1"), FIRING))
