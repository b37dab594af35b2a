"""Sync options of Applications of a cluster behind an agent."""

from __future__ import annotations

from typing import Any

import pytest

from support.edge import Edge
from support.gitops import API, config_map

type Json = dict[str, Any]


@pytest.mark.parametrize("fails", [True, False])
def test_what_another_application_has_is_not_taken_from_it(fails: bool) -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    edge.create(syncPolicy={"automated": {}})
    edge.create(name="other", syncPolicy={})
    options = ["FailOnSharedResource=true"] if fails else []
    operation = {"sync": {"syncOptions": options}}
    edge.agent.cluster.patch(API, "Application", "argocd", "other", {"operation": operation})
    edge.settle(10)
    state = edge.status(name="other")["operationState"]
    notes = edge.agent.cluster.get("v1", "ConfigMap", "web", "a")["metadata"]["annotations"]
    owner = notes["argocd.argoproj.io/tracking-id"].partition(":")[0]
    if fails:
        said = "Shared resource found: ConfigMap/a is part of applications other and shop"
        assert (state["phase"], state["message"], owner) == ("Failed", said, "shop")
    else:
        assert (state["phase"], owner) == ("Succeeded", "other")


RESPECTED: Json = {"automated": {"selfHeal": True}, "syncOptions": ["RespectIgnoreDifferences=true"]}


@pytest.mark.parametrize("respected", [True, False])
def test_ignored_differences_are_left_alone(respected: bool) -> None:
    edge = Edge()
    wanted = config_map("a")
    wanted["data"]["other"] = "1"
    edge.commit(wanted)
    ignored = [{"group": "", "kind": "ConfigMap", "jsonPointers": ["/data/v"]}]
    policy = RESPECTED if respected else {"automated": {"selfHeal": True}}
    edge.create(ignoreDifferences=ignored, syncPolicy=policy)
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"v": "scaled"}})
    edge.settle(10)
    assert (edge.value(), edge.status()["sync"]["status"]) == ("scaled", "Synced")
    edge.agent.cluster.patch("v1", "ConfigMap", "web", "a", {"data": {"other": "drift"}})
    edge.settle(20)
    data = edge.agent.cluster.get("v1", "ConfigMap", "web", "a")["data"]
    assert data == {"v": "scaled" if respected else "1", "other": "1"}
    assert edge.status()["sync"]["status"] == "Synced"


@pytest.mark.parametrize("pointer", ["/data/key", "/data"])
def test_ignored_values_of_secrets_are_left_alone_and_never_told(pointer: str) -> None:
    edge = Edge()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"key": "first"}}
    edge.commit(secret)
    ignored = [{"group": "", "kind": "Secret", "jsonPointers": [pointer]}]
    edge.create(ignoreDifferences=ignored, syncPolicy=RESPECTED)
    assert edge.agent.cluster.get("v1", "Secret", "web", "s")["data"] == {"key": "Zmlyc3Q="}
    changed = {"data": {"key": "Y2FuYXJ5LXZhbHVl"}, "metadata": {"labels": {"a": "live"}}}
    edge.agent.cluster.patch("v1", "Secret", "web", "s", changed)
    edge.settle(10)
    secret["metadata"] = {"name": "s", "labels": {"a": "wanted"}}
    edge.commit(secret)
    edge.settle(600)
    found = edge.agent.cluster.get("v1", "Secret", "web", "s")
    assert found["metadata"]["labels"] == {"a": "wanted"}
    assert found["data"] == {"key": "Y2FuYXJ5LXZhbHVl"}
    assert "Y2FuYXJ5" not in str([edge.made.link.sent, edge.status()])


def test_what_cannot_be_told_to_be_ignored_fails_the_sync() -> None:
    edge = Edge()
    edge.commit(config_map("a"))
    ignored = [{"group": "", "kind": "ConfigMap", "jqPathExpressions": [".data["]}]
    edge.create(ignoreDifferences=ignored, syncPolicy={})
    operation = {"sync": {"syncOptions": ["RespectIgnoreDifferences=true"]}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"operation": operation})
    edge.settle(10)
    state = edge.status()["operationState"]
    assert state["phase"] == "Error"
    assert state["message"].startswith("Failed to normalize target resources: ")
