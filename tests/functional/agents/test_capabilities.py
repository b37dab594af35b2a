"""Charts are told which Kubernetes and which kinds they are rendered for."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from argosy.ports.fakes.workshop import FakeWorkshop
from argosy.ports.workshop import Run
from argosy.services.agents.registry import Entry
from support.agentreports import FakeAgent
from support.edge import URL, Edge
from support.gitops import API, config_map


class Chart(Edge):
    """An edge whose repository has a chart, and whose tools note their calls."""

    def __init__(self, entry: Entry | None = None, *others: Entry) -> None:
        self.calls: list[Run] = []
        super().__init__(entry, others)
        self.hub.hello("edge", kubernetes="v1.33.4-eks-1234")
        commit = self.commit(config_map("a"))
        self.held.commits[commit] = {"app/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n"}

    def workshop(self) -> FakeWorkshop:
        """See `Edge.workshop`."""
        return FakeWorkshop(self._run)

    def _run(self, call: Run) -> str:
        self.calls.append(call)
        return yaml.safe_dump(config_map("a"))

    @property
    def told(self) -> list[dict[str, list[str]]]:
        """What Helm was told in each call."""
        return [
            {name: [one.split("=", 1)[1] for one in call.arguments if one.startswith(f"--{name}=")] for name in FLAGS}
            for call in self.calls
        ]


FLAGS = ("kube-version", "api-versions")


@pytest.mark.parametrize("source", [{}, {"helm": {}}, {"helm": {"kubeVersion": "1.30.1", "apiVersions": ["x/v1"]}}])
def test_a_chart_is_told_of_its_cluster(source: dict[str, Any]) -> None:
    edge = Chart()
    edge.create(source={"repoURL": URL, "path": "app", "targetRevision": "main", **source})
    (told,) = edge.told
    if source.get("helm"):
        assert told == {"kube-version": ["1.30.1"], "api-versions": ["x/v1"]}
        return
    assert told["kube-version"] == ["v1.33.4"]
    assert {"v1", "v1/ConfigMap", "argoproj.io/v1alpha1/Application"} <= set(told["api-versions"])
    assert {f"autoscaling/{version}/HorizontalPodAutoscaler" for version in ("v1", "v2")} <= set(told["api-versions"])
    assert told["api-versions"] == sorted(told["api-versions"])
    assert edge.status()["sync"]["status"] == "Synced"


def test_of_its_own_cluster() -> None:
    edge = Chart(Entry("edge", "agent", management=True), Entry("other", "agent"))
    other = FakeAgent(edge.hub, "other")
    other.secret_key = edge.made.runtime.subscribing.secret_key("other")
    other._done = len(edge.made.link.sent)
    edge.hub.hello("other", kubernetes="v1.34.1")
    edge.create(destination={"name": "other", "namespace": "default"})
    for _ in range(6):
        other.settle()
        edge.agent.settle()
    assert [one["kube-version"] for one in edge.told] == [["v1.34.1"]]


@pytest.mark.parametrize(("file", "again"), [("Chart.yaml", True), ("kustomization.yaml", False)])
def test_only_charts_are_rendered_again_for_another_kubernetes(file: str, again: bool) -> None:
    edge = Chart()
    commit = edge.commit(config_map("a"))
    edge.held.commits[commit] = {f"app/{file}": "{}"}
    edge.create()
    before = len(edge.calls)
    assert before > 0
    edge.made.clock.advance(61)
    edge.hub.report({"report": "heartbeat", "kubernetes": "v1.34.0"})
    notes = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}
    edge.agent.cluster.patch(API, "Application", "argocd", "shop", notes)
    edge.settle()
    assert (len(edge.calls) > before) == again
    assert edge.status()["sync"]["status"] == "Synced"
