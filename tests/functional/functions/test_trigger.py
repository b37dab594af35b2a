"""functions/trigger with SQS batches."""

from __future__ import annotations

import json

import pytest

from argosy.errors import NotFound, Unavailable
from argosy.events.effects import Effect
from argosy.ports.executor import FiringInfo
from argosy.services.queues import TRIGGERS
from support.events import event, sensor, trigger
from support.functions import batch, failed, invoke, recorded
from support.services import FakeInstallation, RecordingExecutor

DOWN = Unavailable("down")


def waiting(made: FakeInstallation) -> list[str]:
    deliveries = made.runtime.queue.receive(TRIGGERS, 100)
    made.runtime.queue.delete(TRIGGERS, [delivery.handle for delivery in deliveries])
    return [delivery.body for delivery in deliveries]


def test_the_recorded_batch() -> None:
    made = FakeInstallation()
    assert invoke("trigger", recorded("trigger"), made) == {"batchItemFailures": []}
    assert [(effect.kind, effect.body) for effect, _ in made.executor.done] == [
        ("http", '{"id": "a-1"}'),
        ("http", '{"id": "a-2"}'),
    ]
    assert [firing.id for _, firing in made.executor.done] == [f"{number:032x}" for number in (1, 2)]
    assert made.status("webhook", "argo-events")["triggers"]["http"]["fired"] == 2


def test_a_failed_effect_is_no_failed_record() -> None:
    made = FakeInstallation(executor=RecordingExecutor([DOWN]))
    made.apply(
        sensor([trigger(more={"atLeastOnce": True, "retryStrategy": {"steps": 2, "jitter": 0}}), trigger("once")])
    )
    made.sense(event({}))
    assert failed(invoke("trigger", batch("trigger", waiting(made)), made)) == []
    assert made.runtime.queue.depth(TRIGGERS).delayed == 1
    made.clock.advance(1)
    assert failed(invoke("trigger", batch("trigger", waiting(made)), made)) == []
    assert [firing.attempt for _, firing in made.executor.done] == [1, 2]


@pytest.mark.parametrize(
    ("poison", "aside"),
    [
        ("nope", True),
        ("{}", True),
        ("null", True),
        ('{"blob": "messages/gone"}', False),
        ('{"firing": {"id": "x"}, "attempt": 1}', True),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_poison_record_hurts_only_itself(poison: str, aside: bool, place: int) -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger("one"), trigger("two")]))
    made.sense(event({}))
    bodies = waiting(made)
    bodies.insert(place, poison)
    assert failed(invoke("trigger", batch("trigger", bodies), made)) == ([] if aside else [f"m{place}"])
    assert [body for body, _, _ in made.set_aside(TRIGGERS)] == ([poison] if aside else [])
    assert sorted(firing.trigger for _, firing in made.executor.done) == ["one", "two"]


def test_a_defect_of_an_executor_is_reported_alone() -> None:
    class Defective(RecordingExecutor):
        """Has a bug for one trigger."""

        async def execute(self, effect: object, firing: object) -> str:
            if getattr(firing, "trigger", "") == "one":
                raise ZeroDivisionError
            return await super().execute(effect, firing)  # type: ignore[arg-type]  # handed through

    made = FakeInstallation(executor=Defective())
    made.apply(sensor([trigger("one"), trigger("two")]))
    made.sense(event({}))
    assert failed(invoke("trigger", batch("trigger", waiting(made)), made)) == ["m0"]
    assert [firing.trigger for _, firing in made.executor.done] == ["two"]


def test_an_effect_of_a_later_version_is_set_aside() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger()]))
    made.sense(event({}))
    (body,) = waiting(made)
    message = json.loads(body)
    message["firing"]["effect"] = {"kind": "fax", "number": "5"}
    assert failed(invoke("trigger", batch("trigger", [json.dumps(message)]), made)) == []
    ((_, _, reason),) = made.set_aside(TRIGGERS)
    assert "fax" in reason


def test_an_empty_batch() -> None:
    assert failed(invoke("trigger", {"Records": []}, FakeInstallation())) == []


def test_a_secret_that_goes_marks_its_sensor_and_slows_no_other() -> None:
    """The message is the same whichever comes first: both are carried out at once, each with its own end."""

    class Gone(RecordingExecutor):
        """Has lost a secret of one sensor."""

        async def execute(self, effect: Effect, firing: FiringInfo) -> str:
            if firing.sensor == "broken":
                raise NotFound("secret ns/token has no key t")
            return await super().execute(effect, firing)

    made = FakeInstallation(executor=Gone())
    made.apply(sensor([trigger()], name="broken"), *[sensor([trigger()], name=f"s{number}") for number in range(5)])
    for number in range(3):
        made.sense(event({}, id=f"e{number}"))
        assert failed(invoke("trigger", batch("trigger", waiting(made)), made)) == []
        assert len(made.executor.done) == 5 * (number + 1)
    told = made.status("broken", "ns")["triggers"]["t"]
    assert (told["failed"], told.get("fired", 0)) == (3, 0)
    assert "secret ns/token has no key t" in json.dumps(told)
    assert made.status("s0", "ns")["triggers"]["t"]["fired"] == 3
