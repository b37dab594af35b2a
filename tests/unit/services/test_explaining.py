"""`argosy events why`: each reason for which an event fires nothing, or not yet, or in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from argosy.errors import Denied, NotFound
from argosy.services.explaining import why
from argosy.services.fire import Firings
from support.events import Body, dependency, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

ID = "0123456789abcdef0123456789abcdef"
DATA = {"data": [{"path": "body.n", "type": "number", "value": ["1"]}]}


def explained(body: Body, data: Any = None, *problems: Denied, carried_out: bool = True) -> list[tuple[str, str, str]]:
    made = FakeInstallation(executor=RecordingExecutor(list(problems)))
    made.apply(body)
    made.sense(event({} if data is None else data))
    if carried_out:
        made.carry_out()
    return steps(made)


def steps(made: FakeInstallation, name: str = ID) -> list[tuple[str, str, str]]:
    made.runtime.history.write(now=True)
    found = why(made.runtime, "ns", "s", name)["steps"]
    return [(step["about"], step["verdict"], step["reason"]) for step in found]


def has(found: Sequence[tuple[str, str, str]], about: str, verdict: str, *words: str) -> bool:
    return any(one[:2] == (about, verdict) and all(word in one[2] for word in words) for one in found)


def filtered(**filters: Any) -> Body:
    return sensor([trigger()], [dependency("dep", filters=filters)])


@pytest.mark.parametrize(
    ("body", "data", "about", "verdict", "words"),
    [
        (sensor([trigger()], [dependency("dep", subject="other")]), {}, "dependency dep", "stopped", ["hook/other"]),
        (filtered(**DATA), {"body": {}}, "dependency dep: data[0]", "failed", ["body.n", "not in the payload"]),
        (filtered(**DATA), {"body": {"n": 2}}, "dependency dep: data[0]", "stopped", ["body.n = 1", "it is 2"]),
        (
            filtered(context={"type": "github"}),
            {},
            "dependency dep: context",
            "stopped",
            ["type github", "it is type webhook"],
        ),
        (
            filtered(time={"start": "08:00:00", "stop": "17:00:00"}),
            {},
            "dependency dep: time",
            "stopped",
            ["08:00:00 to 17:00:00 UTC", "2026-01-01T00:00:00Z"],
        ),
        (
            filtered(exprs=[{"expr": "a == 1", "fields": [{"name": "a", "path": "n"}]}]),
            {"n": 2},
            "dependency dep: exprs[0]",
            "stopped",
            ["a == 1", "a = 2"],
        ),
        (filtered(script="return false"), {}, "dependency dep: script", "stopped", ["script"]),
        (
            sensor([trigger()], [dependency("dep", transform={"script": "error('no')"})]),
            {},
            "dependency dep: transform",
            "failed",
            ["no"],
        ),
    ],
)
def test_what_stops_an_event(body: Body, data: Any, about: str, verdict: str, words: list[str]) -> None:
    found = explained(body, data)
    assert has(found, about, verdict, *words), found
    assert has(found, "dependency dep", verdict) or found[0][1] == "stopped"
    assert has(found, "trigger t", "stopped", "dep")


def test_an_event_that_fires() -> None:
    found = explained(filtered(**DATA), {"body": {"n": 1}})
    assert has(found, "dependency dep: data[0]", "passed", "it is 1")
    assert has(found, "dependency dep", "passed")
    assert has(found, "trigger t", "decided", f"dep = {ID}")
    assert has(found, "trigger t", "fired", "attempt 1")


def test_a_firing_on_its_way() -> None:
    assert has(explained(sensor([trigger()]), carried_out=False), "trigger t", "waiting", "queue")


JOIN = sensor([trigger("join")], [dependency("a"), dependency("b", subject="other")])


def test_an_event_that_waits_for_a_second_dependency() -> None:
    made = FakeInstallation()
    made.apply(JOIN)
    made.sense(event({}, id="a1"))
    assert has(steps(made, "a1"), "trigger join", "waiting", "a && b", "no event for b")
    made.sense(event({}, id="b1", subject="other"))
    made.carry_out()
    assert has(steps(made, "a1"), "trigger join", "fired")


def test_an_event_whose_place_was_taken() -> None:
    made = FakeInstallation()
    made.apply(JOIN)
    made.sense(event({}, id="a1"), event({}, id="a2"))
    assert has(steps(made, "a1"), "trigger join", "stopped", "a later one")
    assert has(steps(made, "a2"), "trigger join", "waiting")


def test_a_rate_limit() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger(more={"rateLimit": {"unit": "Hour", "requestsPerUnit": 1}})]))
    made.sense(event({}, id="e1"), event({}, id="e2"))
    made.carry_out()
    assert has(steps(made, "e1"), "trigger t", "fired")
    assert has(steps(made, "e2"), "trigger t", "fired")
    made.sense(event({}, id="e3"))
    (delivery,) = made.runtime.queue.receive("triggers", 10)
    firings = Firings(made.runtime)
    firings.finish([asyncio.run(firings.carry_out(delivery.body))])
    assert has(steps(made, "e3"), "trigger t", "limited", "rate limit", "3600 s")


def test_a_trigger_that_failed_and_its_dlq_trigger() -> None:
    last = {"dlqTrigger": trigger("last", more={"atLeastOnce": True}), "atLeastOnce": True}
    found = explained(sensor([trigger(more=last)]), None, Denied("not among them"))
    assert has(found, "trigger t", "failed", "attempt 1", "not among them")
    assert has(found, "dlqTrigger last", "fired")


def test_another_bus() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger()]))
    made.runtime.sensing.begin()
    made.runtime.sensing.decide(made.bus_message(event({}), bus="second"))
    assert has(steps(made), "bus", "stopped", "second")


def test_the_version_of_then_answers() -> None:
    made = FakeInstallation()
    made.apply(filtered(**DATA))
    made.sense(event({"body": {"n": 2}}))
    made.clock.advance(60)
    made.apply(sensor([trigger()]))
    told = why(made.runtime, "ns", "s", ID)
    assert (told["generation"], told["inForce"]) == (1, True)
    assert has(steps(made), "dependency dep: data[0]", "stopped")


@pytest.mark.parametrize(("name", "reason"), [(ID, "sensor ns/s"), ("gone", "no event gone")])
def test_what_is_not_there(name: str, reason: str) -> None:
    made = FakeInstallation()
    made.sense(event({}))
    with pytest.raises(NotFound, match=reason):
        why(made.runtime, "ns", "s", name)
