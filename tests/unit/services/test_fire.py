"""Carrying out firings: attempts, waits, the dlqTrigger, and what is kept of a failure."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.errors import ArgosyError, Denied, EvaluationError, NotFound, Unavailable
from argosy.ports.queue import MAX_DELAY_SECONDS
from argosy.services.queues import TRIGGERS
from support.events import Body, event, sensor, trigger
from support.services import FakeInstallation, RecordingExecutor

DOWN = Unavailable("POST http://x/: connection refused")


def fired(
    more: Body | None = None, *problems: ArgosyError, chance: float = 0.0
) -> tuple[FakeInstallation, list[float]]:
    """An installation whose one trigger has fired, with the waits between its attempts."""
    made = FakeInstallation(executor=RecordingExecutor(list(problems)))
    made.apply(sensor([trigger(more=more)]))
    made.sense(event({}, id="e1"))
    return made, made.carry_out(chance)


def retrying(steps: int | None = 3, **strategy: Any) -> Body:
    return {
        "atLeastOnce": True,
        "retryStrategy": {"jitter": 0, **({} if steps is None else {"steps": steps}), **strategy},
    }


# Success


def test_a_firing_is_carried_out_once() -> None:
    made, waits = fired()
    ((effect, firing),) = made.executor.done
    assert effect.kind == "log"
    assert (firing.namespace, firing.sensor, firing.trigger, firing.attempt) == ("ns", "s", "t", 1)
    assert len(firing.id) == 32
    assert waits == []
    assert made.status() == {"triggers": {"t": {"fired": 1, "lastFiredAt": "2026-01-01T00:00:00.000000Z"}}}


# Attempts


@pytest.mark.parametrize(
    ("more", "failures", "attempts", "waits", "succeeded"),
    [
        ({}, 1, 1, [], False),
        ({"retryStrategy": {"steps": 5}}, 1, 1, [], False),
        ({"atLeastOnce": True}, 1, 1, [], False),
        (retrying(), 0, 1, [], True),
        (retrying(), 1, 2, [1.0], True),
        (retrying(), 2, 3, [1.0, 1.0], True),
        (retrying(), 3, 3, [1.0, 1.0], False),
        (retrying(duration="2s", factor=3), 2, 3, [2.0, 6.0], True),
        (retrying(None), 9, 5, [1.0] * 4, False),
        (retrying(1), 1, 1, [], False),
        (retrying(2, duration="soon"), 1, 1, [], False),
    ],
)
def test_attempts(more: Body, failures: int, attempts: int, waits: list[float], succeeded: bool) -> None:
    made, waited = fired(more, *[DOWN] * failures)
    assert made.executor.attempts == attempts
    assert waited == waits
    assert bool(made.executor.done) == succeeded
    assert made.runtime.queue.depth(TRIGGERS).total == 0


def test_every_attempt_has_the_same_id_and_its_number() -> None:
    made, _ = fired(retrying(), DOWN, DOWN)
    assert [firing.attempt for firing in made.executor.seen] == [1, 2, 3]
    assert len({firing.id for firing in made.executor.seen}) == 1


@pytest.mark.parametrize("problem", [DOWN, Denied("no"), NotFound("no such secret"), EvaluationError("broken")])
def test_any_problem_of_ours_counts_as_a_failed_attempt(problem: ArgosyError) -> None:
    made, waits = fired(retrying(), problem)
    assert made.executor.attempts == 2
    assert waits == [1.0]


def test_jitter() -> None:
    _, waits = fired(retrying(jitter=0.5, duration="2s"), DOWN, DOWN, chance=0.5)
    assert waits == [2.5, 2.5]


def test_a_wait_longer_than_a_queue_can_hold_is_cut_in_pieces() -> None:
    made, waits = fired(retrying(2, duration="40m"), DOWN)
    assert waits == [MAX_DELAY_SECONDS, MAX_DELAY_SECONDS, 600.0]
    assert made.executor.attempts == 2
    assert made.clock.now().timestamp() >= event_time() + 2400


def event_time() -> float:
    return FakeInstallation().clock.now().timestamp()


# What is kept


def test_a_failure_for_good_is_kept() -> None:
    made, _ = fired({}, DOWN)
    status = made.status()
    assert status["triggers"]["t"] == {
        "failed": 1,
        "lastFailureAt": "2026-01-01T00:00:00.000000Z",
        "lastFailure": str(DOWN),
    }
    (failure,) = status["failures"]
    assert failure["trigger"] == "t"
    assert failure["events"] == {"dep": "e1"}
    assert failure["reason"] == str(DOWN)
    assert len(failure["firing"]) == 32


def test_failed_attempts_are_counted_and_the_end_is_told() -> None:
    made, _ = fired(retrying(2), DOWN, DOWN)
    status = made.status()
    assert {key: status["triggers"]["t"][key] for key in ("failed", "failedAttempts")} == {
        "failed": 1,
        "failedAttempts": 1,
    }
    assert status["failures"][0]["reason"] == f"after 2 of 2 attempts: {DOWN}"


def test_an_attempt_that_will_be_repeated_is_seen_at_once() -> None:
    made = FakeInstallation(executor=RecordingExecutor([DOWN]))
    made.apply(sensor([trigger(more=retrying())]))
    made.sense(event({}))
    (delivery,) = made.runtime.queue.receive(TRIGGERS, 1)
    made.runtime.firings.finish([asyncio.run(made.runtime.firings.carry_out(delivery.body))])
    assert made.status()["triggers"]["t"]["lastFailure"] == f"attempt 1 of 3: {DOWN}"
    assert "failures" not in made.status()


def test_a_bad_retry_strategy_is_told() -> None:
    made, _ = fired(retrying(2, duration="soon"), DOWN)
    assert "not retried" in made.status()["failures"][0]["reason"]


def test_a_firing_that_could_not_be_built_is_a_failure() -> None:
    made = FakeInstallation()
    made.apply(
        sensor(
            [
                trigger(
                    http={
                        "url": "http://x/",
                        "payload": [{"src": {"dependencyName": "dep", "dataKey": "x"}, "dest": "x"}],
                    }
                )
            ]
        )
    )
    made.sense(event({}))
    made.carry_out()
    assert made.executor.attempts == 0
    assert "'x' is not in the event" in made.status()["failures"][0]["reason"]


def test_a_kind_that_nothing_here_carries_out() -> None:
    made = FakeInstallation()
    made.runtime.executors.pop("log")  # type: ignore[attr-defined]  # the fake's mapping is a dict
    made.apply(sensor([trigger()]))
    made.sense(event({}))
    made.carry_out()
    assert "nothing here carries out log triggers" in made.status()["failures"][0]["reason"]


def test_failures_are_kept_for_a_week() -> None:
    made, _ = fired({}, DOWN)
    made.clock.advance(7 * 86_400 - 1)
    assert "failures" in made.status()
    made.clock.advance(1)
    assert "failures" not in made.status()
    assert made.status()["triggers"]["t"]["failed"] == 1


def test_a_long_reason_is_cut() -> None:
    made, _ = fired({}, Unavailable("x" * 10_000))
    assert len(made.status()["failures"][0]["reason"]) == 2000


# The last resort


def backup(**more: Any) -> Body:
    return {"dlqTrigger": trigger("backup", http={"url": "http://backup/"}, more={"atLeastOnce": True, **more})}


@pytest.mark.parametrize(
    ("more", "problems", "done", "attempts"),
    [
        (retrying(2) | backup(), 1, ["t"], 2),
        (retrying(2) | backup(), 2, ["backup"], 3),
        (retrying(2) | backup(), 3, [], 3),
        (retrying(1) | backup(retryStrategy={"steps": 3, "jitter": 0}), 3, ["backup"], 4),
        ({"atLeastOnce": True} | backup(), 1, ["backup"], 2),
    ],
)
def test_the_dlq_trigger(more: Body, problems: int, done: list[str], attempts: int) -> None:
    made, _ = fired(more, *[DOWN] * problems)
    assert [firing.trigger for _, firing in made.executor.done] == done
    assert made.executor.attempts == attempts


def test_the_dlq_trigger_fires_under_an_id_of_its_own_and_the_failure_is_kept() -> None:
    made, _ = fired(retrying(1) | backup(), DOWN)
    ((effect, firing),) = made.executor.done
    assert effect.url == "http://backup/"
    status = made.status()
    assert status["failures"][0]["firing"] != firing.id
    assert status["triggers"]["t"]["failed"] == 1
    assert status["triggers"]["backup"]["fired"] == 1


# Messages


@pytest.mark.parametrize(
    "body",
    [
        "nope",
        "{}",
        "[]",
        '{"firing": {}, "attempt": 1}',
        '{"firing": {"id": "x"}, "attempt": "one"}',
        '{"attempt": 1}',
        "null",
    ],
)
def test_what_is_no_trigger_message(body: str) -> None:
    made = FakeInstallation()
    assert asyncio.run(made.runtime.firings.carry_out(body)).messages == []
    ((kept, origin, reason),) = made.set_aside(TRIGGERS)
    assert (kept, origin) == (body, TRIGGERS)
    assert reason


def test_a_large_firing_travels_by_reference() -> None:
    made = FakeInstallation()
    payload = [{"src": {"dependencyName": "dep", "dataKey": "text"}, "dest": "text"}]
    made.apply(sensor([trigger(http={"url": "http://x/", "payload": payload}, more=retrying(2))]))
    made.executor.problems.append(DOWN)
    made.sense(event({"text": "x" * 500_000}))
    made.carry_out()
    ((effect, _),) = made.executor.done
    assert len(effect.body) > 500_000
