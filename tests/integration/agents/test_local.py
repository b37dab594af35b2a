"""The agents of `argosy up`: they start when their cluster is registered, take work that is signed, and end with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import yaml

from argosy.local.agents import LocalAgents
from argosy.local.assembly import Embedded, assemble
from argosy.local.datadir import DataDir
from argosy.local.devcluster import ClusterInfo
from argosy.local.functions import Context, sqs_event
from argosy.ports.queue import Outgoing
from argosy.services.agents.registry import Entry
from argosy.services.queues import AGENT_COMMANDS, AGENT_REPORTS
from support.up import until

pytestmark = pytest.mark.cluster


@pytest.fixture
def kubeconfig(dev_cluster: ClusterInfo) -> Path:
    return dev_cluster.kubeconfig


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    made = assemble(DataDir(tmp_path / "data"))
    yield made
    made.close()


@pytest.fixture
def agents(embedded: Embedded) -> Iterator[LocalAgents]:
    made = LocalAgents(embedded, None)
    made.start()
    yield made
    made.stop()
    until(lambda: not running(), "all have ended")


def running() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("agent")}


def entry(kubeconfig: Path, name: str = "edge") -> Entry:
    return Entry(
        name,
        "agent",
        {"kubeconfig": str(kubeconfig), "context": yaml.safe_load(kubeconfig.read_text())["current-context"]},
    )


def reports(embedded: Embedded) -> list[tuple[str, str]]:
    """(cluster by its mark, kind of the report) of what has come."""
    found = embedded.queue.receive(AGENT_REPORTS, 10)
    return [(one.attributes["cluster"], orjson.loads(one.body)["report"]) for one in found]


def work(embedded: Embedded, agents: LocalAgents, cluster: str, body: str | None = None) -> list[str]:
    """Hand work to an agent as the pump does; what failed."""
    runtime = embedded.runtime
    if body is None:
        runtime.errands.tell(cluster, f"w-{cluster}", "request", {"verb": "dance", "arguments": {}}, "g")
    else:
        embedded.link.send(cluster, Outgoing(body, group="g", dedup="d"))
    deliveries = embedded.queue.receive(AGENT_COMMANDS, 10)
    answer = agents.handler(dict(sqs_event(AGENT_COMMANDS, deliveries)), Context("commands"))
    embedded.queue.delete(AGENT_COMMANDS, [one.handle for one in deliveries])
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def test_a_cluster_that_is_registered_meanwhile_has_an_agent(
    embedded: Embedded, agents: LocalAgents, kubeconfig: Path
) -> None:
    embedded.runtime.registry.add(entry(kubeconfig))
    said = until(lambda: reports(embedded), "hello")
    assert said[:1] == [("edge", "heartbeat")]
    assert work(embedded, agents, "edge") == []
    assert until(lambda: reports(embedded), "the result") == [("edge", "result")]


@pytest.mark.parametrize("body", ["no JSON", "{}", '{"work": "{}", "key": "k", "signature": ""}'])
def test_what_the_hub_has_not_signed_is_dropped(
    embedded: Embedded, agents: LocalAgents, kubeconfig: Path, body: str
) -> None:
    embedded.runtime.registry.add(entry(kubeconfig))
    until(lambda: reports(embedded), "hello")
    assert work(embedded, agents, "edge", body) == []
    assert reports(embedded) == []


def test_an_agent_ends_when_its_cluster_is_removed(embedded: Embedded, agents: LocalAgents, kubeconfig: Path) -> None:
    embedded.runtime.registry.add(entry(kubeconfig))
    embedded.runtime.registry.add(entry(kubeconfig, "other"))
    until(lambda: {"agent-edge", "agent-other"} <= running(), "both run")
    embedded.runtime.registry.remove("edge")
    until(lambda: "agent-edge" not in running(), "one has ended")
    assert "agent-other" in running()


def test_clusters_that_need_none_have_none(embedded: Embedded, agents: LocalAgents, kubeconfig: Path) -> None:
    embedded.runtime.registry.add(Entry("lab", "server", {"server": "https://10.0.0.1"}))
    embedded.runtime.registry.add(Entry("far", "agent"))
    embedded.runtime.registry.add(entry(kubeconfig))
    until(lambda: "agent-edge" in running(), "the one that has a context runs")
    assert running() == {"agents", "agent-edge"}
