"""Trigger `log`."""

from __future__ import annotations

from argosy.events.effects import LogEvents
from support.events import NOW as SOME_TIME
from support.events import compiled, dependency, event, sensor, trigger


def test_one_line_for_each_event_of_the_firing() -> None:
    made = compiled(sensor([trigger(log={"intervalSeconds": 5})], [dependency("a"), dependency("b")]))
    events = {"a": event({"n": 1}, id="1"), "b": event(id="2")}
    (match, _) = made.match(event({}))
    firing = made.fire(match.trigger, events, SOME_TIME)  # type: ignore[union-attr]  # without filters nothing is dropped
    assert isinstance(firing.effect, LogEvents)
    assert [dict(line) for line in firing.effect.events] == [
        {"dependencyName": "a", "context": events["a"].context, "data": '{"n":1}'},
        {"dependencyName": "b", "context": events["b"].context, "data": ""},
    ]
