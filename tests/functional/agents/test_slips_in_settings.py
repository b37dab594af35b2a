"""`argocd-cm` with something in it that cannot be read, as Applications tell it."""

from __future__ import annotations

import pytest

from argosy.errors import NotFound
from support.edge import Edge
from support.gitops import API, RESOURCES, config_map

METADATA = {"name": "argocd-cm", "namespace": "argocd", "labels": {"app.kubernetes.io/part-of": "argocd"}}
SLIP = {"resource.exclusions": "- kinds: [ConfigMap\n"}


def _edge(data: dict[str, str]) -> Edge:
    edge = Edge()
    edge.agent.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": METADATA, "data": data})
    edge.settle()
    edge.commit(config_map("a"))
    return edge


def _mends(edge: Edge, key: str) -> None:
    edge.agent.cluster.patch("v1", "ConfigMap", "argocd", "argocd-cm", {"data": {key: None}})
    edge.settle(10)


def test_nothing_is_synced_with_exclusions_that_count_for_nothing() -> None:
    edge = _edge(SLIP)
    edge.create()
    (condition,) = edge.status()["conditions"]
    assert condition["type"] == "ComparisonError"
    assert condition["message"].startswith("argocd-cm: resource.exclusions cannot be read: ")
    assert edge.status()["sync"]["status"] == "Unknown"
    with pytest.raises(NotFound):
        edge.value()
    _mends(edge, "resource.exclusions")
    assert (edge.status()["sync"]["status"], edge.value()) == ("Synced", "1")
    assert "conditions" not in edge.status()


def test_nor_by_hand() -> None:
    edge = _edge(SLIP)
    edge.create(syncPolicy={})
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"operation": {"sync": {}}})
    edge.settle(10)
    state = edge.status()["operationState"]
    assert state["phase"] in ("Error", "Failed")
    assert "resource.exclusions cannot be read" in state["message"]
    with pytest.raises(NotFound):
        edge.value()


def test_nor_is_anything_deleted() -> None:
    edge = _edge({})
    edge.create(finalizers=(RESOURCES,))
    edge.agent.cluster.patch("v1", "ConfigMap", "argocd", "argocd-cm", {"data": SLIP})
    edge.agent.cluster.delete(API, "Application", "argocd", "shop")
    edge.settle(60)
    assert edge.value() == "1"
    assert "resource.exclusions cannot be read" in str(edge.status()["conditions"])
    _mends(edge, "resource.exclusions")
    edge.settle(60)
    with pytest.raises(NotFound):
        edge.value()


def test_a_time_stops_nothing() -> None:
    edge = _edge({"timeout.reconciliation": "soon"})
    edge.create()
    (condition,) = edge.status()["conditions"]
    assert condition["type"] == "SettingsWarning"
    assert "argocd-cm: timeout.reconciliation cannot be read" in condition["message"]
    assert edge.status()["sync"]["status"] == "Synced"
    _mends(edge, "timeout.reconciliation")
    assert "conditions" not in edge.status()
