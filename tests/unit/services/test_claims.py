"""Claims: an attempt is carried out by one, and what happens to one that began and was never finished."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from argosy.control.claims import Claims, Standing
from argosy.errors import Conflict
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.services.queues import TRIGGERS
from support.events import event, sensor, trigger
from support.services import FakeInstallation

LEASE = 120.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def claims(clock: FakeClock, *, everything: bool = True, lease: float = LEASE) -> Claims:
    return Claims(FakeStore(clock), clock, everything=everything, lease=lease)


def test_an_attempt_is_taken_once(clock: FakeClock) -> None:
    made = claims(clock)
    claim = made.take("f", 1, repeatable=True, at_least_once=False)
    assert claim.standing is Standing.MINE
    made.finish(claim)
    assert made.take("f", 1, repeatable=True, at_least_once=False).standing is Standing.DONE
    assert made.take("f", 2, repeatable=True, at_least_once=False).standing is Standing.MINE
    assert made.take("g", 1, repeatable=True, at_least_once=False).standing is Standing.MINE


def test_one_that_may_still_be_running_is_left_alone(clock: FakeClock) -> None:
    made = claims(clock)
    made.take("f", 1, repeatable=True, at_least_once=True)
    clock.advance(LEASE - 1)
    with pytest.raises(Conflict, match="attempt 1 of firing f is being carried out elsewhere"):
        made.take("f", 1, repeatable=True, at_least_once=True)


@pytest.mark.parametrize(
    ("repeatable", "at_least_once", "standing"),
    [
        (True, False, Standing.MINE),
        (False, True, Standing.MINE),
        (True, True, Standing.MINE),
        (False, False, Standing.UNKNOWN),
    ],
)
def test_one_that_has_crashed(clock: FakeClock, repeatable: bool, at_least_once: bool, standing: Standing) -> None:
    made = claims(clock)
    made.take("f", 1, repeatable=repeatable, at_least_once=at_least_once)
    clock.advance(LEASE + 1)
    claim = made.take("f", 1, repeatable=repeatable, at_least_once=at_least_once)
    assert claim.standing is standing
    made.finish(claim)
    assert made.take("f", 1, repeatable=repeatable, at_least_once=at_least_once).standing is Standing.DONE


def test_a_claim_that_was_lost_finishes_nothing(clock: FakeClock) -> None:
    made = claims(clock)
    lost = made.take("f", 1, repeatable=True, at_least_once=True)
    clock.advance(LEASE + 1)
    made.take("f", 1, repeatable=True, at_least_once=True)
    made.finish(lost)
    clock.advance(LEASE + 1)
    assert made.take("f", 1, repeatable=True, at_least_once=True).standing is Standing.MINE


def test_where_only_a_crash_repeats_what_is_repeatable_needs_no_row(clock: FakeClock) -> None:
    made = claims(clock, everything=False, lease=0.0)
    for _ in range(2):
        assert made.take("f", 1, repeatable=True, at_least_once=False).version == 0
    made.finish(made.take("f", 1, repeatable=True, at_least_once=False))
    assert made.take("f", 1, repeatable=False, at_least_once=False).standing is Standing.MINE
    assert made.take("f", 1, repeatable=False, at_least_once=False).standing is Standing.UNKNOWN


# In the trigger function


INVOKE = {"awsLambda": {"functionName": "f", "region": "eu-central-1", "payload": []}}


def installation(**template: Any) -> FakeInstallation:
    made = FakeInstallation()
    made.runtime = replace(made.runtime, claim_everything=True, claim_seconds=LEASE)
    made.apply(sensor([trigger(**template)]))
    return made


def test_a_message_that_is_delivered_three_times_fires_once() -> None:
    made = installation()
    for _ in range(3):
        made.sense(event({}, id="e1"))
        assert made.runtime.queue.depth(TRIGGERS).total == 1
        made.carry_out()
    assert made.executor.attempts == 1
    assert made.status()["triggers"]["t"]["fired"] == 1


def test_a_crash_before_the_end_is_repeated_after_the_lease() -> None:
    made = installation()
    made.sense(event({}, id="e1"))
    (delivery,) = made.runtime.queue.receive(TRIGGERS, 1)
    asyncio.run(made.runtime.firings.carry_out(delivery.body))  # and no finish: the function was killed
    with pytest.raises(Conflict):
        asyncio.run(made.runtime.firings.carry_out(delivery.body))
    made.clock.advance(LEASE + 1)
    made.runtime.firings.finish([asyncio.run(made.runtime.firings.carry_out(delivery.body))])
    assert made.executor.attempts == 2
    assert [info.id for info in made.executor.seen] == [made.executor.seen[0].id] * 2


def test_a_crash_of_what_cannot_be_repeated_is_recorded_as_unknown() -> None:
    made = installation(**INVOKE)
    made.sense(event({}, id="e1"))
    (delivery,) = made.runtime.queue.receive(TRIGGERS, 1)
    asyncio.run(made.runtime.firings.carry_out(delivery.body))
    made.clock.advance(LEASE + 1)
    made.runtime.firings.finish([asyncio.run(made.runtime.firings.carry_out(delivery.body))])
    assert made.executor.attempts == 1
    (failure,) = made.status()["failures"]
    assert failure["reason"].startswith("unknown: ")
