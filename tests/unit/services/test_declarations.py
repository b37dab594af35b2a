"""The compiled view of the declarations: what it finds, when it looks again, and what is broken."""

from __future__ import annotations

import pytest

from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import Put, Row
from argosy.services.declarations import Declarations
from argosy.services.objects import OBJECTS_PK, VERSION_KEY, Objects
from support.events import Body, dependency, event_source, sensor, trigger
from support.services import FakeInstallation


def hook(**entries: Body) -> Body:
    return event_source({"webhook": entries})


def entry(endpoint: str = "/x", port: str = "1") -> Body:
    return {"endpoint": endpoint, "port": port, "method": "POST"}


def test_sensors_by_namespace_bus_source_and_name() -> None:
    installation = FakeInstallation()
    installation.apply(
        sensor([trigger()], name="a"),
        sensor([trigger()], [dependency("d"), dependency("e", subject="other")], name="b"),
        sensor([trigger()], name="c", eventBusName="bus"),
        sensor([trigger()], name="d", namespace="else"),
    )
    view = Declarations(installation.runtime.store, installation.clock)
    view.refresh()

    def names(*subject: str) -> list[str]:
        return [one.name for one in view.sensors(*subject)]

    assert names("ns", "default", "hook", "example") == ["a", "b"]
    assert names("ns", "default", "hook", "other") == ["b"]
    assert names("ns", "bus", "hook", "example") == ["c"]
    assert names("else", "default", "hook", "example") == ["d"]
    assert names("ns", "default", "Hook", "example") == []


def test_hooks_in_the_order_of_the_manifest() -> None:
    installation = FakeInstallation()
    installation.apply(
        hook(b=entry("/b"), a=entry("/a")), event_source({"calendar": {"c": {"interval": "1s"}}}, name="cal")
    )
    view = Declarations(installation.runtime.store, installation.clock)
    view.refresh()
    assert [one.event for one in view.hooks("ns", "hook") or ()] == ["b", "a"]
    assert view.hooks("ns", "cal") == []
    assert view.hooks("ns", "nothing") is None
    assert [(one.source, one.path) for one in view.all_hooks()] == [("hook", "/b"), ("hook", "/a")]


def test_changes_are_seen_and_the_rest_is_kept() -> None:
    installation = FakeInstallation()
    view = Declarations(installation.runtime.store, installation.clock)
    assert view.version == -1
    assert view.refresh() is True
    assert view.refresh() is False
    installation.apply(sensor([trigger()], name="a"), sensor([trigger()], name="b"))
    assert view.refresh() is True
    first = view.sensors("ns", "default", "hook", "example")
    installation.apply(sensor([trigger("new")], name="b"))
    assert view.refresh() is True
    second = view.sensors("ns", "default", "hook", "example")
    assert second[0] is first[0], "what has not changed is not compiled again"
    assert second[1] is not first[1]
    Objects(installation.runtime.store, installation.clock).delete([("Sensor", "ns", "a")])
    view.refresh()
    assert [one.name for one in view.sensors("ns", "default", "hook", "example")] == ["b"]


def test_an_object_deleted_and_made_again_is_the_new_one() -> None:
    installation = FakeInstallation()
    view = Declarations(installation.runtime.store, installation.clock)
    for name in ("one", "two"):
        installation.apply(hook(**{name: entry()}))
        view.refresh()
        assert [each.event for each in view.hooks("ns", "hook") or ()] == [name]
        Objects(installation.runtime.store, installation.clock).delete([("EventSource", "ns", "hook")])


def test_the_store_is_asked_at_most_once_in_a_while() -> None:
    installation = FakeInstallation()
    view = Declarations(installation.runtime.store, installation.clock, 2.0)
    view.refresh()
    installation.apply(hook(a=entry()))
    assert view.refresh() is False
    installation.clock.advance(2)
    assert view.refresh() is True
    installation.apply(hook(b=entry()))
    assert view.refresh(now=True) is True


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "Sensor", "metadata": {"name": "bad", "namespace": "ns"}, "spec": {"triggers": "x"}},
        {"kind": "Sensor", "metadata": {"name": "bad"}},
        {"kind": "EventSource", "metadata": {"name": "bad"}, "spec": {"webhook": 5}},
        {},
    ],
)
def test_an_object_that_cannot_be_compiled_stops_nothing_else(body: Body) -> None:
    clock = FakeClock()
    store = FakeStore(clock)
    installation = FakeInstallation(clock=clock, store=store)
    installation.apply(sensor([trigger()]))
    store.write([Put(Row(OBJECTS_PK, "Sensor/ns/bad", {"manifest": body})), Put(Row(*VERSION_KEY, {"number": 9}))])
    view = Declarations(store, clock)
    view.refresh()
    assert [one.name for one in view.sensors("ns", "default", "hook", "example")] == ["s"]
    assert set(view.broken) == {"Sensor/ns/bad"}
