"""Syncs that bring their manifests along: `operation.sync.manifests`, as `argocd app sync --local` sends them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.edge import Edge
from support.gitops import API, config_map


class Local(Edge):
    """An Application that nobody has synced."""

    def __init__(self, **spec: Any) -> None:
        super().__init__()
        self.commit(config_map("a", "of the repository"))
        self.create(**({"syncPolicy": {}} | spec))

    def operate(self, *manifests: Any, **sync: Any) -> dict[str, Any]:
        """The state of a sync with these manifests in the end."""
        texts = [one if isinstance(one, str) else json.dumps(one) for one in manifests]
        body = {"operation": {"sync": {"manifests": texts, **sync}}}
        self.agent.cluster.patch(API, "Application", "argocd", "shop", body)
        self.settle()
        state: dict[str, Any] = self.status()["operationState"]
        return state

    def names(self) -> list[str]:
        """What is live of it."""
        return [one["metadata"]["name"] for one in self.agent.cluster.list("v1", "ConfigMap", "web")]


def test_they_are_applied_and_compared_with_until_the_next_sync() -> None:
    edge = Local()
    assert edge.operate(config_map("a", "local"), config_map("b"))["phase"] == "Succeeded"
    assert (edge.names(), edge.value()) == (["a", "b"], "local")
    status = edge.status()
    assert (status["sync"]["status"], status["sync"].get("revision")) == ("Synced", None)
    edge.settle(600)
    assert edge.status()["sync"]["status"] == "Synced", "the repository is not looked at"
    edge.operate(prune=True)
    assert (edge.names(), edge.value()) == (["a"], "of the repository")
    assert edge.status()["sync"]["revision"] == f"{edge.commits:040x}"


def test_a_dry_run_leaves_everything_as_it_is() -> None:
    edge = Local()
    assert edge.operate(config_map("b"), dryRun=True)["phase"] == "Succeeded"
    assert edge.names() == []
    assert edge.status()["sync"]["revision"]


@pytest.mark.parametrize(
    ("manifest", "phase", "said"),
    [("{", "Error", "manifest 1 of the operation"), ("kind: ConfigMap", "Error", "manifest 1 of the operation")],
)
def test_what_is_no_manifest_is_refused(manifest: str, phase: str, said: str) -> None:
    edge = Local()
    state = edge.operate(manifest)
    assert (state["phase"], said in state["message"]) == (phase, True), state
    assert edge.names() == []


def test_not_beside_automated_syncs() -> None:
    edge = Local(syncPolicy={"automated": {}})
    state = edge.operate(config_map("b"))
    assert (state["phase"], edge.names()) == ("Failed", ["a"])
    assert "cannot use local sync when Automatic Sync Policy is enabled" in state["message"]


def test_automated_syncs_follow_the_repository_again() -> None:
    edge = Local()
    edge.operate(config_map("a", "local"))
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", {"spec": {"syncPolicy": {"automated": {}}}})
    edge.settle(600)
    assert edge.value() == "of the repository"


def test_the_project_permits_them_or_not() -> None:
    edge = Local()
    blacklist = [{"group": "", "kind": "ConfigMap"}]
    everything = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}]}
    project = {"apiVersion": API, "kind": "AppProject", "metadata": {"name": "default", "namespace": "argocd"}}
    edge.agent.cluster.create({**project, "spec": {**everything, "namespaceResourceBlacklist": blacklist}})
    edge.settle()
    state = edge.operate(config_map("b"))
    assert (state["phase"], edge.names()) == ("Failed", [])
    (result,) = state["syncResult"]["resources"]
    assert "not permitted in project" in result["message"]
