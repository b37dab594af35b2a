"""Rate limits of triggers over all who carry out firings."""

from __future__ import annotations

import pytest

from argosy.errors import Unavailable
from argosy.services.queues import TRIGGERS
from support.events import Body, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

EVERY_TEN: Body = {"rateLimit": {"unit": "Minute", "requestsPerUnit": 6}}


def installed(more: Body, *problems: Unavailable) -> FakeInstallation:
    made = FakeInstallation(executor=RecordingExecutor(list(problems)))
    made.apply(sensor([trigger(more=more)]))
    return made


@pytest.mark.parametrize(("more", "delays"), [({}, []), (EVERY_TEN, [10.0, 20.0])])
def test_starts_are_evenly_spaced(more: Body, delays: list[float]) -> None:
    made = installed(more)
    made.sense(*(event({}, id=f"e{number}") for number in range(3)))
    assert made.carry_out() == delays
    assert len(made.executor.done) == 3


def test_nothing_is_saved_up_while_idle() -> None:
    made = installed(EVERY_TEN)
    made.clock.advance(3600)
    made.sense(event({}, id="e1"), event({}, id="e2"))
    assert made.carry_out() == [10.0]


def test_each_attempt_takes_its_turn() -> None:
    made = installed({**EVERY_TEN, "atLeastOnce": True, "retryStrategy": {"jitter": 0}}, Unavailable("down"))
    made.sense(event({}))
    assert made.carry_out() == [1.0, 9.0]
    assert [firing.attempt for firing in made.executor.seen] == [1, 2]


def test_a_dlq_trigger_is_not_limited() -> None:
    last = trigger("last", more={"atLeastOnce": True, **EVERY_TEN})
    made = installed({**EVERY_TEN, "atLeastOnce": True, "dlqTrigger": last}, Unavailable("down"), Unavailable("down"))
    made.sense(event({}))
    assert made.carry_out() == [0.0]


def test_triggers_have_limits_of_their_own() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger("one", more=EVERY_TEN), trigger("two", more=EVERY_TEN)]))
    made.sense(event({}))
    assert made.carry_out() == []
    assert made.runtime.queue.depth(TRIGGERS).total == 0
