"""An analysis asks a Prometheus that only the rollout's own cluster knows, through the agent there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from argosy.adapters.kube.direct import DirectCluster
from argosy.local.devcluster import ClusterInfo
from argosy.services.agents.registry import Entry
from support.agents import AgentProcess, hub_on, pod_environment, settled
from support.motoserver import moto_server
from support.prometheus import prometheus
from support.rollouts import API, Shop

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("rollouts")]

NAME = "prometheus.monitoring.svc"


@pytest.fixture
def port(complete_cluster: ClusterInfo, tmp_path: Path) -> Iterator[str]:
    """The port of a Prometheus that the agent's pod knows as `prometheus.monitoring.svc`."""
    entry = Entry("edge", "agent", http_namespaces=("monitoring",), instance_id="inside")
    with ExitStack() as stack:
        (tmp_path / "prometheus").mkdir()
        url = stack.enter_context(prometheus(tmp_path / "prometheus"))
        hub = stack.enter_context(hub_on(stack.enter_context(moto_server()), tmp_path / "hub", [entry]))
        pod = pod_environment(complete_cluster, tmp_path / "pod")
        hosts = {NAME: "127.0.0.1"}
        agent = AgentProcess(hub, "edge", pod, tmp_path / "agent.log", "monitoring", hosts)
        stack.callback(agent.kill)
        agent.start()
        settled(hub, "edge")
        yield url.rpartition(":")[2]


def test_a_prometheus_of_the_cluster_answers(port: str, cluster: DirectCluster) -> None:
    shop = Shop(cluster, "inside", "inside")
    address = f"http://{NAME}:{port}"
    metric = {
        "name": "rate",
        "successCondition": "result[0] >= 0.95",
        "provider": {"prometheus": {"address": address, "query": "vector(0.97)"}},
    }
    spec = {"metrics": [metric]}
    try:
        shop.create({"apiVersion": API, "kind": "AnalysisTemplate", "metadata": {"name": "rate"}, "spec": spec})
        step = {"analysis": {"templates": [{"templateName": "rate"}]}}
        shop.rollout({"canary": {"steps": [{"setWeight": 50}, step]}}, replicas=2)
        shop.image("app:2")
        shop.reaches("Healthy", step=2)
        (run,) = shop.list("AnalysisRun")
        (result,) = run["status"]["metricResults"]
        assert [one["value"] for one in result["measurements"]] == ["[0.97]"]
    finally:
        shop.close()
