"""A cluster beside a living Argo, one whose door is open in some namespaces only, and where webhooks are called."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from argosy.agent.living import living_controllers
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster, FakeKind
from argosy.services.agents.administration import Administration, Change
from argosy.services.agents.doors import URL_ANNOTATION
from argosy.services.agents.registry import Entry
from support.agentreports import FakeAgent, FakeHub
from support.events import GROUP_VERSION, event_source
from support.services import FakeInstallation

WEBHOOK = {"webhook": {"example": {"endpoint": "/example", "port": "12000", "method": "POST"}}}
LEASES = FakeKind("coordination.k8s.io/v1", "Lease", "leases")


class Edge:
    """A hub, and a cluster `edge` behind its agent."""

    def __init__(self, entry: Entry, base_url: str = "") -> None:
        self.made = FakeInstallation()
        self.made.runtime = replace(self.made.runtime, base_url=lambda: base_url)
        self.hub = FakeHub((entry,), self.made)
        self.agent = FakeAgent(self.hub, "edge")
        for name in ("ns", "other"):
            self.agent.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.hub.hello("edge")
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            self.agent.settle()
            self.made.clock.advance(2)
            self.made.runtime.ticker.tick()
        self.agent.settle()

    def create(self, namespace: str = "ns") -> None:
        self.agent.cluster.create(event_source(WEBHOOK, namespace=namespace))
        self.settle()

    def shown(self, namespace: str = "ns") -> dict[str, Any]:
        return self.agent.cluster.get(GROUP_VERSION, "EventSource", namespace, "hook")

    def conditions(self) -> set[str]:
        return {one["type"] for one in (self.shown().get("status") or {}).get("conditions") or ()}

    def declared(self, namespace: str = "ns") -> bool:
        return self.made.runtime.objects.find("EventSource", f"{namespace}@edge", "hook")[0] is not None


def test_what_a_living_argo_serves_is_only_observed_until_it_is_claimed() -> None:
    edge = Edge(Entry("edge", "agent"))
    edge.hub.hello("edge", controllers=["argo-events"])
    edge.create()
    assert not edge.declared()
    assert edge.conditions() == {"Observed"}
    Administration(edge.made.runtime).change("edge", Change(claimed=True), "operator")
    edge.settle()
    assert edge.declared()
    assert {"SourcesProvided", "Deployed"} <= edge.conditions()


def test_argo_comes_later_and_goes_again() -> None:
    edge = Edge(Entry("edge", "agent"))
    edge.create()
    assert edge.declared()
    edge.hub.hello("edge", controllers=["argo-events"])
    edge.settle()
    assert not edge.declared()
    edge.hub.hello("edge", controllers=[])
    edge.settle()
    assert edge.declared()


def test_a_door_that_is_open_in_some_namespaces() -> None:
    edge = Edge(Entry("edge", "agent", namespaces=("ns",)))
    edge.create("ns")
    edge.create("other")
    assert (edge.declared("ns"), edge.declared("other")) == (True, False)
    assert "status" not in edge.shown("other")


def test_the_public_url_stands_in_an_annotation() -> None:
    edge = Edge(Entry("edge", "agent"), "https://hooks.example.com/prod/")
    edge.create()
    for _ in range(3):  # the status first, the annotation in a turn of its own, and then what it changes
        edge.settle()
    expected = "https://hooks.example.com/prod/hooks/ns@edge/hook/example"
    assert edge.shown()["metadata"]["annotations"][URL_ANNOTATION] == expected
    edge.settle()
    seen = edge.shown()["metadata"]["resourceVersion"]
    edge.settle()
    assert edge.shown()["metadata"]["resourceVersion"] == seen  # nothing is written again and again


@pytest.mark.parametrize(
    ("age", "holder", "alive"),
    [(0, "pod-1", True), (50, "pod-1", True), (70, "pod-1", False), (0, "", False)],
)
def test_a_controller_lives_as_long_as_it_renews_its_lease(age: int, holder: str, alive: bool) -> None:
    clock = FakeClock()
    cluster = FakeCluster(clock, kinds=[LEASES])
    renewed = (clock.now() - timedelta(seconds=age)).isoformat()
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": renewed}
    metadata = {"name": "argo-events-controller"}
    cluster.create({"apiVersion": LEASES.api_version, "kind": "Lease", "metadata": metadata, "spec": spec})
    assert living_controllers(cluster, clock.now()) == (["argo-events"] if alive else [])


def test_leases_that_cannot_be_read_tell_of_nobody() -> None:
    assert living_controllers(FakeCluster(FakeClock()), FakeClock().now()) == []
