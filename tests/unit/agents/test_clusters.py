"""Clusters by name: which there are, who may act on which, and what each one's agent watches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from argosy.control.agents.scopes import CONTROL, DOOR, EVENTS
from argosy.errors import AlreadyExists, ArgosyError, Denied, InvalidObject, NotFound
from argosy.ports.cluster import Cluster
from argosy.ports.executor import FiringInfo
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.cluster import FakeCluster
from argosy.ports.fakes.store import FakeStore
from argosy.resources.manifests import Manifest
from argosy.services.agents.clusters import Clusters
from argosy.services.agents.registry import HOME, Entry, Registry
from argosy.services.agents.remote import RemoteCluster
from argosy.services.agents.subscribing import agent_key
from support.agentreports import FakeHub
from support.events import event_source
from support.services import FakeInstallation

Body = dict[str, Any]
OWN = Entry(HOME, "home", management=True)


def registry(home: Entry | None = OWN) -> Registry:
    return Registry(FakeStore(FakeClock()), home=home)


# The registry


def test_what_was_added_is_found() -> None:
    clusters = registry()
    edge = Entry("edge", "eks", {"arn": "a"}, management=True, door=False, http_namespaces=("x", "y"), added="now")
    clusters.add(edge)
    assert clusters.find("edge") == edge
    assert [entry.name for entry in clusters.all()] == [HOME, "edge"]
    assert clusters.find("") == clusters.find(HOME) == OWN
    clusters.remove("edge")
    with pytest.raises(NotFound, match=rf"no cluster is called 'edge'; known: {HOME}"):
        clusters.find("edge")


def test_without_a_home() -> None:
    with pytest.raises(NotFound, match="known: none"):
        registry(None).find("")


def test_a_name_that_is_taken() -> None:
    clusters = registry()
    clusters.add(Entry("edge", "agent"))
    with pytest.raises(AlreadyExists):
        clusters.add(Entry("edge", "eks"))
    clusters.add(Entry("edge", "eks"), replace=True)
    assert clusters.find("edge").way == "eks"


def test_the_home_cluster_may_be_set_and_not_removed() -> None:
    clusters = registry()
    clusters.add(replace(OWN, door=False), replace=True)
    assert clusters.find("").door is True or clusters.find("").door is False
    assert [entry.door for entry in clusters.all()] == [False]
    clusters.remove(HOME)
    with pytest.raises(InvalidObject, match="cannot be removed"):
        clusters.remove(HOME)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a" * 41, "a.b", "a/b", "a@b", "a\n", "ä"])
def test_no_name(name: str) -> None:
    with pytest.raises(InvalidObject, match="cannot name a cluster"):
        Entry(name, "agent")


@pytest.mark.parametrize("name", ["a", "a-b", "a" * 40, "0"])
def test_names(name: str) -> None:
    assert Entry(name, "agent").name == name


def test_no_way() -> None:
    with pytest.raises(InvalidObject, match="no way to a cluster; known: home, agent, eks, server"):
        Entry("edge", "telnet")


# Who acts on which


class Reached:
    """The home cluster, `lab` (reached directly), `edge` (an agent's) and `boss` (an agent's, and a management cluster)."""

    def __init__(self) -> None:
        self.made = FakeInstallation()
        self.made.runtime = replace(self.made.runtime, home=OWN)
        for entry in (Entry("lab", "server"), Entry("edge", "agent"), Entry("boss", "agent", management=True)):
            self.made.runtime.registry.add(entry)
        self.connected: list[str] = []
        self.clusters = Clusters(self.made.runtime, self._connect)

    def _connect(self, entry: Entry) -> Cluster:
        self.connected.append(entry.name)
        return FakeCluster(self.made.clock)

    def acting(self, namespace: str, name: str = "") -> Cluster:
        return self.clusters.of_firing(FiringInfo("f", namespace, "s", "t"), name)


@pytest.mark.parametrize(
    ("namespace", "named", "direct"),
    [
        ("ns", "", True),
        ("ns", HOME, True),
        ("ns", "lab", True),
        ("ns", "edge", False),
        ("ns@edge", "", False),
        ("ns@edge", "edge", False),
        ("ns@boss", "", False),
        ("ns@boss", "lab", True),
        ("ns@boss", HOME, True),
        ("ns@boss", "edge", False),
    ],
)
def test_a_trigger_acts_on_its_home_or_from_a_management_cluster_on_any(
    namespace: str, named: str, direct: bool
) -> None:
    assert isinstance(Reached().acting(namespace, named), FakeCluster) is direct
    assert isinstance(Reached().acting(namespace, named), RemoteCluster) is not direct


@pytest.mark.parametrize(
    ("namespace", "named", "problem", "said"),
    [
        (
            "ns@edge",
            HOME,
            Denied,
            "cluster edge is no management cluster: its sensors act on it alone, not on in-cluster",
        ),
        ("ns@edge", "boss", Denied, "argosy cluster set NAME --management"),
        ("ns@lab", "edge", Denied, "cluster lab is no management cluster"),
        ("ns", "nowhere", NotFound, "no cluster is called 'nowhere'"),
        ("ns@gone", "", NotFound, "no cluster is called 'gone'"),
        ("ns@gone", "edge", NotFound, "no cluster is called 'gone'"),
    ],
)
def test_what_is_refused(namespace: str, named: str, problem: type[ArgosyError], said: str) -> None:
    with pytest.raises(problem, match=said):
        Reached().acting(namespace, named)


def test_an_installation_without_a_home_cluster() -> None:
    reached = Reached()
    reached.clusters = Clusters(replace(reached.made.runtime, home=None), reached._connect)
    assert isinstance(reached.acting("ns", "lab"), FakeCluster)
    with pytest.raises(NotFound, match="k8s and argoWorkflow triggers need a cluster"):
        reached.acting("ns")
    with pytest.raises(Denied):
        reached.acting("ns@edge", "lab")


def test_a_connection_is_kept_until_the_cluster_is_registered_otherwise() -> None:
    reached = Reached()
    assert reached.acting("ns", "lab") is reached.acting("ns", "lab")
    reached.made.runtime.registry.add(Entry("lab", "eks", {"arn": "a"}), replace=True)
    reached.acting("ns", "lab")
    assert reached.connected == ["lab", "lab"]


def test_a_function_that_has_no_way_says_so() -> None:
    made = FakeInstallation()
    made.runtime.registry.add(Entry("lab", "server"))
    with pytest.raises(NotFound, match="reached by server, which this function has no way for"):
        made.runtime.clusters.named("lab", "p")


# What agents watch


def resource(name: str, namespace: str = "ns@edge", **entry: Any) -> Manifest:
    watched = {"namespace": "a", "group": "", "version": "v1", "resource": "pods", "eventTypes": ["ADD"], **entry}
    return Manifest(event_source({"resource": {"one": watched}}, name=name, namespace=namespace))


def watched(hub: FakeHub, cluster: str = "edge") -> list[tuple[str, str, str, str]]:
    expected = hub.made.runtime.subscribing.expected(hub.made.runtime.registry.find(cluster))
    return [(one.resource, one.namespace, one.labels, one.purpose) for one in expected.scopes if one.purpose == EVENTS]


LABELS: Body = {"filter": {"labels": [{"key": "a", "operation": "==", "value": "b"}]}}


@pytest.mark.parametrize(
    ("sources", "scopes"),
    [
        ([], []),
        ([resource("x")], [("pods", "a", "", EVENTS)]),
        ([resource("x"), resource("y", eventTypes=["DELETE"])], [("pods", "a", "", EVENTS)]),
        ([resource("x"), resource("y", filter={"prefix": "z"})], [("pods", "a", "", EVENTS)]),
        ([resource("x"), resource("y", namespace="b")], [("pods", "a", "", EVENTS)]),
        ([resource("x"), resource("y", **LABELS)], [("pods", "a", "", EVENTS), ("pods", "a", "a==b", EVENTS)]),
        ([resource("x"), resource("y", "ns")], [("pods", "a", "", EVENTS)]),
        ([resource("x", "ns@other"), resource("y", "ns")], []),
    ],
)
def test_event_sources_of_one_scope_share_it(sources: list[Manifest], scopes: list[tuple[str, str, str, str]]) -> None:
    hub = FakeHub((Entry("edge", "agent"), Entry("other", "agent")))
    for source in sources:
        hub.made.runtime.objects.apply([source])
    assert watched(hub) == scopes


def test_doors_are_watched_where_they_are_open() -> None:
    hub = FakeHub((Entry("edge", "agent"), Entry("shut", "agent", door=False)))
    subscribing = hub.made.runtime.subscribing
    open_one, shut = (subscribing.expected(hub.made.runtime.registry.find(name)) for name in ("edge", "shut"))
    declared = {one.resource for one in open_one.scopes if one.purpose == DOOR}
    controlled = {one.resource for one in open_one.scopes if one.purpose == CONTROL}
    assert declared == {"eventsources", "sensors", "eventbus"}
    kinds = {"rollouts", "analysisruns", "experiments", "applications", "appprojects", "configmaps"}
    assert controlled == kinds, "what they name is watched once there is one"
    assert shut.scopes == ()


def test_each_cluster_hashes_its_secrets_with_a_key_of_its_own() -> None:
    hub = FakeHub((Entry("edge", "agent"), Entry("other", "agent")))
    subscribing, find = hub.made.runtime.subscribing, hub.made.runtime.registry.find
    keys = [subscribing.expected(find(name)).secret_key for name in ("edge", "other", "edge")]
    assert len(keys[0]) == 64
    assert keys[0] == keys[2] != keys[1]


def test_a_change_of_event_sources_wakes_every_agent() -> None:
    hub = FakeHub((Entry("edge", "agent"), Entry("lab", "server"), Entry("other", "agent")))
    hub.made.runtime.objects.apply([resource("x")])
    assert sorted(hub.turn()) == [str(agent_key("edge")), str(agent_key("other"))]
    assert sorted((cluster, kind) for cluster, kind, _ in hub.work) == [("edge", "subscribe"), ("other", "subscribe")]
    assert [one for one, _ in hub.mirror().scopes().values() if one.purpose == EVENTS] != []
    assert [one for one, _ in hub.mirror("other").scopes().values() if one.purpose == EVENTS] == []
