"""Replays: what today's sensors make of the events of the past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.services.queues import BUS
from argosy.services.replays import Wanted, replayed
from support.events import dependency, event, sensor, trigger
from support.services import FakeInstallation


def installed() -> FakeInstallation:
    """Three events of the past, of which a sensor has heard two, and a minute later another version of it."""
    made = FakeInstallation()
    only = {"data": [{"path": "n", "type": "number", "value": ["2"], "comparator": ">="}]}
    made.apply(sensor([trigger("old")], [dependency("dep", filters=only)]))
    for number in range(1, 4):
        made.sense(event({"n": number}, id=f"e{number}"))
        made.carry_out()
        made.clock.advance(60)
    made.apply(sensor([trigger("new")]), sensor([trigger("other")], name="s2"))
    return made


def replay(made: FakeInstallation, *, since: float = 3600, **wanted: Any) -> dict[str, Any]:
    now = made.clock.now()
    start = now - timedelta(seconds=since)
    return replayed(made.runtime, Wanted("ns", start, now, "r1", **wanted), "me")


def test_a_dry_run_decides_and_sends_nothing() -> None:
    made = installed()
    answer = replay(made, sensor="s")
    assert [(one["trigger"], one["events"]) for one in answer["firings"]] == [
        ("new", {"dep": f"e{number}"}) for number in (1, 2, 3)
    ]
    assert (answer["events"], answer["published"], answer["next"]) == (3, 0, "")
    assert made.runtime.queue.depth(BUS).total == 0


@pytest.mark.parametrize(("since", "events"), [(3600, 3), (120, 2), (1, 0)])
def test_only_what_came_since(since: float, events: int) -> None:
    assert replay(installed(), since=since)["events"] == events


def test_a_dry_run_joins() -> None:
    made = FakeInstallation()
    made.sense(event({}, id="a1"), event({}, id="b1", subject="other"), event({}, id="a2"))
    made.clock.advance(60)
    made.apply(sensor([trigger("join")], [dependency("a"), dependency("b", subject="other")]))
    assert [one["events"] for one in replay(made)["firings"]] == [{"a": "a1", "b": "b1"}]
    assert made.sense(event({}, id="b2", subject="other")) == []


def test_a_replay_publishes_under_new_ids() -> None:
    made = installed()
    assert replay(made, dry_run=False, sensor="s")["published"] == 3
    messages = made.events()
    assert [message["replays"] for message in messages] == ["e1", "e2", "e3"]
    assert len({message["event"]["id"] for message in messages} | {"e1", "e2", "e3"}) == 6
    assert {message["only"] for message in messages} == {"s"}
    again = replay(made, dry_run=False, sensor="s")
    assert again["published"] == 3
    assert [message["event"]["id"] for message in made.events()] == [message["event"]["id"] for message in messages]


def test_what_was_replayed_fires_and_is_no_part_of_another_replay() -> None:
    made = installed()
    replay(made, dry_run=False, sensor="s")
    deliveries = made.runtime.queue.receive(BUS, 10)
    made.runtime.sensing.begin()
    sent = [out for one in deliveries for out in made.runtime.sensing.decide(one.body)]
    made.runtime.sensing.hand_on(sent)
    assert [(one["sensor"], one["trigger"]) for one in made.firings(sent)] == [("s", "new")] * 3
    made.clock.advance(1)
    assert replay(made)["events"] == 3


def test_an_unknown_sensor() -> None:
    with pytest.raises(NotFound):
        replay(installed(), sensor="nobody")
