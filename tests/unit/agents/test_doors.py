"""Declarations that are made in a cluster: taken over, kept, retired, and told of where kubectl shows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from argosy.errors import InvalidObject, NotFound
from argosy.services.agents.registry import HOME, Entry
from argosy.services.runtime import Runtime
from support.agentreports import FakeAgent, FakeHub
from support.events import GROUP_VERSION, event_source, sensor, trigger
from support.services import FakeInstallation

Body = dict[str, Any]
WEBHOOK = {"webhook": {"example": {"endpoint": "/example", "port": "12000", "method": "POST"}}}
OTHER = {"webhook": {"example": {"endpoint": "/other", "port": "12000", "method": "POST"}}}
WRONG: Body = {"calendar": {"tick": {}}}


class Door:
    """A hub and a cluster with an open door: the home cluster, which the hub reaches, or `edge` behind its agent."""

    def __init__(self, cluster: str = "edge") -> None:
        self.cluster_name = cluster
        made = FakeInstallation()
        home = Entry(HOME, "home", management=True)
        runtime = replace(made.runtime, home=home, connect=lambda _: self.agent.cluster)
        made.runtime = runtime
        self.made = made
        self.hub = FakeHub(() if cluster == HOME else (Entry("edge", "agent"),), made)
        self.agent = FakeAgent(self.hub, cluster)
        self.cluster = self.agent.cluster
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}})
        self.hub.hello(cluster)
        self.settle()

    @property
    def runtime(self) -> Runtime:
        return self.made.runtime

    def settle(self) -> None:
        """Everything that follows, that which is due later included."""
        for _ in range(4):
            self.agent.settle()
            self.made.clock.advance(2)
            self.runtime.ticker.tick()
        self.agent.settle()

    def create(self, body: Body) -> None:
        self.cluster.create(body)
        self.settle()

    def patch(self, body: Body, kind: str = "EventSource", name: str = "hook") -> None:
        self.cluster.patch(GROUP_VERSION, kind, "ns", name, body)
        self.settle()

    def shown(self, kind: str = "EventSource", name: str = "hook") -> Body:
        found: Body = self.cluster.get(GROUP_VERSION, kind, "ns", name)
        return found

    def conditions(self, kind: str = "EventSource", name: str = "hook") -> dict[str, Body]:
        status = self.shown(kind, name).get("status") or {}
        return {one["type"]: one for one in status.get("conditions") or ()}

    def declared(self, kind: str = "EventSource", name: str = "hook") -> Body | None:
        namespace = "ns" if self.cluster_name == HOME else f"ns@{self.cluster_name}"
        found, by = self.runtime.objects.find(kind, namespace, name)
        assert found is None or by == self.cluster_name
        return found


@pytest.fixture(params=[HOME, "edge"])
def at(request: pytest.FixtureRequest) -> Door:
    """A door."""
    return Door(request.param)


def test_what_is_made_with_kubectl_is_declared_and_says_so(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    at.create(sensor([trigger("t")]))
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == WEBHOOK
    assert at.declared("Sensor", "s") is not None
    shown = {kind: one["status"] for kind, one in at.conditions().items()}
    assert shown == {"SourcesProvided": "True", "Deployed": "True"}
    shown = {kind: one["status"] for kind, one in at.conditions("Sensor", "s").items()}
    assert shown == {"DependenciesProvided": "True", "TriggersProvided": "True", "Deployed": "True"}
    assert at.shown()["status"]["observedGeneration"] == at.shown()["metadata"]["generation"]
    assert all(one["lastTransitionTime"] for one in at.conditions().values())


def test_what_was_there_before_the_agent_is_declared_too(at: Door) -> None:
    at.cluster.create(event_source(WEBHOOK))
    at.agent.list()
    at.settle()
    assert at.declared() is not None


def test_a_change_is_taken_over(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    at.patch({"spec": OTHER})
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == OTHER
    assert at.shown()["status"]["observedGeneration"] == 2


def test_our_own_status_wakes_nobody(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    version = at.shown()["metadata"]["resourceVersion"]
    at.cluster.patch(GROUP_VERSION, "EventSource", "ns", "hook", {"status": {"other": 1}}, subresource="status")
    at.agent.look()
    assert at.hub.turn() == []
    assert at.shown()["metadata"]["resourceVersion"] != version


def test_an_invalid_change_leaves_the_last_good_one_in_force(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    at.patch({"spec": WRONG})
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == WEBHOOK
    first = at.conditions()["SourcesProvided"]
    assert (first["status"], first["reason"]) == ("False", "InvalidSpec")
    assert "spec.calendar.tick" in first["message"]
    assert at.conditions()["Deployed"]["status"] == "False"
    at.patch({"spec": {**OTHER, "calendar": None}})
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == OTHER
    assert at.conditions()["SourcesProvided"]["status"] == "True"
    assert "reason" not in at.conditions()["SourcesProvided"]


def test_an_invalid_one_is_not_declared(at: Door) -> None:
    at.create(event_source(WRONG))
    assert at.declared() is None
    assert at.conditions()["SourcesProvided"]["status"] == "False"


@pytest.mark.parametrize("how", ["seen by the watch", "missed, and found out by the next list"])
def test_what_is_deleted_is_retired(at: Door, how: str) -> None:
    at.create(event_source(WEBHOOK))
    at.cluster.delete(GROUP_VERSION, "EventSource", "ns", "hook")
    if how != "seen by the watch":
        at.agent.list()
    at.settle()
    assert at.declared() is None


def test_what_is_being_deleted_is_retired_already(at: Door) -> None:
    body = event_source(WEBHOOK)
    at.create({**body, "metadata": {**body["metadata"], "finalizers": ["example.com/wait"]}})
    at.cluster.delete(GROUP_VERSION, "EventSource", "ns", "hook")
    at.settle()
    assert at.shown()["metadata"]["deletionTimestamp"]
    assert at.declared() is None


def test_made_again_under_the_same_name(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    at.cluster.delete(GROUP_VERSION, "EventSource", "ns", "hook")
    at.create(event_source(OTHER))
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == OTHER


def test_conditions_keep_the_time_since_which_they_hold(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    before = at.conditions()
    at.made.clock.advance(3600)
    at.patch({"spec": OTHER})
    assert at.conditions() == before
    at.patch({"spec": WRONG})
    after = at.conditions()
    assert all(after[kind]["lastTransitionTime"] > before[kind]["lastTransitionTime"] for kind in before)


def test_conditions_of_others_stay(at: Door) -> None:
    at.create(event_source(WEBHOOK))
    mine = [*at.shown()["status"]["conditions"], {"type": "Mine", "status": "Unknown"}]
    status = {"status": {"conditions": mine}}
    at.cluster.patch(GROUP_VERSION, "EventSource", "ns", "hook", status, subresource="status")
    at.patch({"spec": WRONG})
    assert at.conditions()["Mine"] == {"type": "Mine", "status": "Unknown"}
    assert at.conditions()["SourcesProvided"]["status"] == "False"


def test_the_home_clusters_wins_over_argosy_apply_and_says_so() -> None:
    at = Door(HOME)
    at.made.apply(event_source(OTHER))
    at.create(event_source(WEBHOOK))
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == WEBHOOK
    said = "it has taken the place of the declaration of this name that argosy apply had made"
    assert at.conditions()["Deployed"]["message"] == said
    at.patch({"metadata": {"annotations": {"a": "b"}}})
    assert at.conditions()["Deployed"]["message"] == said, "it is still so"
    with pytest.raises(InvalidObject, match="is declared in cluster in-cluster: change or delete it there"):
        at.made.apply(event_source(OTHER))
    with pytest.raises(InvalidObject, match="is declared in cluster in-cluster"):
        at.runtime.objects.delete([("EventSource", "ns", "hook")])
    at.cluster.delete(GROUP_VERSION, "EventSource", "ns", "hook")
    at.settle()
    with pytest.raises(NotFound):
        at.runtime.objects.get("EventSource", "ns", "hook")
    at.made.apply(event_source(OTHER))


def test_other_clusters_have_names_of_their_own() -> None:
    at = Door("edge")
    at.made.apply(event_source(OTHER))
    at.create(event_source(WEBHOOK))
    assert at.runtime.objects.get("EventSource", "ns", "hook")["spec"] == OTHER
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == WEBHOOK
    assert "message" not in at.conditions()["Deployed"]


def test_what_cannot_be_read_for_now_is_not_taken_for_deleted() -> None:
    """A large declaration whose copy was swept stays in force, and is asked for again at the next list."""
    at = Door("edge")
    large = {"webhook": {"example": {**WEBHOOK["webhook"]["example"], "metadata": {"text": "x" * 150_000}}}}
    at.create(event_source(large))
    assert at.declared() is not None
    at.made.clock.advance(20 * 86_400)
    at.runtime.blobs.sweep(at.made.clock.now())
    at.runtime.door_wakes.wake("edge/argoproj.io/EventSource/ns/hook")
    at.settle()
    assert at.declared() is not None
    at.agent.list()
    at.settle()
    (scope,) = [key for key, (one, _) in at.hub.mirror().scopes().items() if one.resource == "eventsources"]
    copy = at.hub.mirror().find(scope, "ns", "hook")
    assert copy is not None
    assert not copy.lost
    at.cluster.delete(GROUP_VERSION, "EventSource", "ns", "hook")
    at.settle()
    assert at.declared() is None


def test_a_door_that_is_closed() -> None:
    at = Door("edge")
    at.create(event_source(WEBHOOK))
    entry = at.runtime.registry.find("edge")
    at.runtime.registry.add(replace(entry, door=False), replace=True)
    at.runtime.subscribing.subscribe("edge")
    at.agent.settle()
    at.patch({"spec": OTHER})
    assert at.agent.subscription.scopes == ()
    declared = at.declared()
    assert declared is not None
    assert declared["spec"] == WEBHOOK
