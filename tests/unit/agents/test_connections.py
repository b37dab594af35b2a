"""What agents report of the connections that they keep: events of their own lines alone, and a state that shows."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.control.agents.scopes import Subscription
from argosy.control.lines import Line
from argosy.resources.manifests import Manifest
from argosy.services.agents.inbox import forget
from argosy.services.agents.registry import HOME, Entry
from argosy.services.connections import CONNECTIONS_PK
from argosy.services.queues import BUS
from argosy.services.status import with_status
from support.agentreports import FakeHub
from support.brokers.entries import ENTRIES, entry
from support.events import event_source

Body = dict[str, Any]
KEY = "ns@edge/broker/x"


class Hub(FakeHub):
    """A hub whose cluster `edge` declares a broker, beside one of the installation's own."""

    def __init__(self) -> None:
        super().__init__((Entry("edge", "agent"), Entry("other", "agent"), Entry(HOME, "agent")))
        objects = self.made.runtime.objects
        source = {"redisStream": {"x": ENTRIES["redisStream"]}}
        objects.apply([Manifest(event_source(source, name="broker", namespace="ns@edge"))], home="edge")
        objects.apply([Manifest(event_source(source, name="broker", namespace="ns"))])
        self.made.events(BUS)

    def published(self) -> list[Body]:
        """The messages on the bus."""
        found: list[Body] = self.made.events(BUS)
        return found

    def condition(self, namespace: str = "ns@edge") -> Body:
        """SourcesProvided."""
        runtime = self.made.runtime
        body = with_status(runtime.store, runtime.objects.get("EventSource", namespace, "broker"))
        return next(one for one in body["status"]["conditions"] if one["type"] == "SourcesProvided")


def events(*found: tuple[str, str], line: str = KEY) -> Body:
    return {"report": "events", "line": line, "events": [list(one) for one in found]}


def states(**problems: str) -> Body:
    return {"report": "connections", "problems": {KEY.replace("/x", f"/{name}"): why for name, why in problems.items()}}


def test_events_reach_the_bus_and_are_the_same_when_they_come_again() -> None:
    hub = Hub()
    for _ in range(2):
        hub.report(events(("orders:1-0", '{"a":1}'), ("orders:2-0", '{"a":2}')), "edge")
    first, second = (hub_events := hub.published())[:2], hub_events[2:]
    assert [one["event"]["id"] for one in first] == [one["event"]["id"] for one in second]
    assert {(one["namespace"], one["event"]["source"], one["event"]["subject"]) for one in first} == {
        ("ns@edge", "broker", "x")
    }
    assert [one["event"]["data"] for one in first] == ['{"a":1}', '{"a":2}']


@pytest.mark.parametrize(
    ("line", "cluster"),
    [(KEY, "other"), ("ns/broker/x", "edge"), ("ns@edge/broker/gone", "edge"), ("ns@edge/gone/x", "edge")],
)
def test_events_of_a_line_that_is_not_the_agents_are_nobodys(line: str, cluster: str) -> None:
    hub = Hub()
    hub.report(events(("o", "{}"), line=line), cluster)
    assert hub.published() == []


def test_each_agent_is_given_the_lines_of_its_cluster() -> None:
    hub = Hub()
    runtime = hub.made.runtime

    def given(cluster: str) -> Subscription:
        return runtime.subscribing.expected(runtime.registry.find(cluster))

    line = Line.of(KEY, "redisStream", "default", entry("redisStream"))
    assert given("edge").lines == (tuple(line.as_json()),)
    assert given("other").lines == ()
    assert given(HOME).lines == (), "argosy up keeps those of its home itself"
    again = Subscription.from_json(given("edge").as_json())
    assert again == given("edge")
    assert given("edge").digest != given("other").digest


def test_the_state_shows_and_goes_with_the_line() -> None:
    hub = Hub()
    assert hub.condition()["status"] == "False"
    assert "nothing has connected" in hub.condition()["message"]
    hub.report(states(x="127.0.0.1:6379: away"), "edge")
    assert hub.condition()["message"] == "x: 127.0.0.1:6379: away"
    hub.report(states(x="never mind"), "other")
    assert hub.condition()["message"] == "x: 127.0.0.1:6379: away", "another cluster's agent has no say"
    hub.report(states(x=""), "edge")
    assert hub.condition() == {"type": "SourcesProvided", "status": "True"}
    assert hub.condition("ns")["status"] == "False"
    forget(hub.made.runtime, "edge")
    assert hub.made.runtime.store.query(CONNECTIONS_PK) == []


def test_a_change_of_state_wakes_the_declaration_in_its_cluster() -> None:
    hub = Hub()
    hub.made.events("reconcile-door")
    hub.report(states(x="away"), "edge")
    hub.report(states(x="away"), "edge")
    woken = [str(one) for one in hub.made.events("reconcile-door")]
    assert len([one for one in woken if "EventSource" in one and "broker" in one]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"report": "events", "line": KEY},
        {"report": "events", "line": KEY, "events": [["o"]]},
        {"report": "connections"},
        {"report": "connections", "problems": ["a"]},
    ],
)
def test_a_report_of_another_release_is_set_aside(body: Body) -> None:
    hub = Hub()
    hub.report(body, "edge")
    assert hub.published() == []
