"""The status that `argosy get` shows."""

from __future__ import annotations

from typing import Any

from argosy.ports.store import Put, Row
from argosy.services.objects import OBJECTS_PK, Objects
from argosy.services.status import with_status
from support.events import GROUP_VERSION, Body, event, event_source, sensor, trigger
from support.services import FakeInstallation


def status(made: FakeInstallation, kind: str, name: str) -> Any:
    body = Objects(made.runtime.store, made.clock).get(kind, "ns", name)
    found = with_status(made.runtime.store, body)
    assert {key: found[key] for key in body} == body
    return found["status"]


def conditions(shown: Any) -> Body:
    return {one["type"]: one["status"] for one in shown["conditions"]}


def test_a_sensor_in_service() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger()]))
    made.sense(event({}))
    made.carry_out()
    shown = status(made, "Sensor", "s")
    assert conditions(shown) == {"DependenciesProvided": "True", "TriggersProvided": "True", "Deployed": "True"}
    assert shown["triggers"]["t"]["fired"] == 1


def test_a_sensor_with_a_trigger_that_cannot_be_used() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger()]))
    body = Objects(made.runtime.store, made.clock).get("Sensor", "ns", "s")
    body["spec"]["triggers"][0]["template"]["conditions"] = "nothing"
    made.runtime.store.write([Put(Row(OBJECTS_PK, "Sensor/ns/s", {"manifest": body}))])
    shown = status(made, "Sensor", "s")
    assert conditions(shown)["TriggersProvided"] == "False"
    assert "nothing" in shown["conditions"][1]["message"]


def test_an_event_source() -> None:
    made = FakeInstallation()
    made.apply(event_source({"webhook": {"a": {"endpoint": "/a", "port": "1"}}}))
    assert status(made, "EventSource", "hook") == {
        "conditions": [{"type": "SourcesProvided", "status": "True"}, {"type": "Deployed", "status": "True"}]
    }


def test_the_next_times_of_a_calendar() -> None:
    made = FakeInstallation()
    made.apply(event_source({"calendar": {"a": {"interval": "90s"}, "b": {"schedule": "0 0 30 2 *"}}}))
    shown = status(made, "EventSource", "hook")
    assert shown["calendar"] == {"a": {"next": "2026-01-01T00:01:30Z"}, "b": {"next": "never"}}


def test_an_event_bus_says_that_its_settings_do_nothing() -> None:
    made = FakeInstallation()
    body = {
        "apiVersion": GROUP_VERSION,
        "kind": "EventBus",
        "metadata": {"name": "default"},
        "spec": {"nats": {"native": {}}},
    }
    made.apply(body)
    (configured, _) = status(made, "EventBus", "default")["conditions"]
    assert configured["status"] == "True"
    assert "no effect" in configured["message"]
