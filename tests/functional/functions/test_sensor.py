"""functions/sensor with SQS batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from argosy.adapters.jq.process import JqProcess
from argosy.errors import Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.queue import FakeQueue
from argosy.ports.queue import Outgoing
from argosy.services.queues import BUS, QUEUES, TRIGGERS
from support.events import Body, dependency, event, sensor, trigger
from support.functions import batch, failed, invoke, recorded
from support.services import FakeInstallation

FILTER = {"data": [{"path": "body.message", "type": "string", "value": ["hello"]}]}


def installation() -> FakeInstallation:
    made = FakeInstallation()
    made.apply(sensor([trigger()], [dependency("dep", filters=FILTER)]))
    return made


def test_the_recorded_batch() -> None:
    made = FakeInstallation()
    listening = dependency("dep", source="webhook", filters=FILTER)
    made.apply(sensor([trigger()], [listening], namespace="argo-events"))
    assert invoke("sensor", recorded("sensor"), made) == {"batchItemFailures": []}
    (message,) = made.events(TRIGGERS)
    assert message["firing"]["events"] == {"dep": f"{1:032x}"}


def test_firings_of_a_batch_are_sent_together() -> None:
    made = installation()
    bodies = [made.bus_message(event({"body": {"message": text}}, id=text)) for text in ("hello 1", "bye", "hello 2")]
    assert failed(invoke("sensor", batch("sensor", bodies), made)) == []
    assert [message["firing"]["events"]["dep"] for message in made.events(TRIGGERS)] == ["hello 1", "hello 2"]


@pytest.mark.parametrize(
    ("poison", "aside"),
    [
        ("nope", True),
        ("{}", True),
        ('{"blob": "messages/gone"}', False),
        ('{"namespace": "ns", "bus": "default", "event": 5}', True),
        ("", True),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_poison_record_hurts_only_itself(poison: str, aside: bool, place: int) -> None:
    made = installation()
    bodies = [made.bus_message(event({"body": {"message": "hello"}}, id=f"e{number}")) for number in range(2)]
    bodies.insert(place, poison)
    assert failed(invoke("sensor", batch("sensor", bodies), made)) == ([] if aside else [f"m{place}"])
    assert [message["firing"]["events"]["dep"] for message in made.events(TRIGGERS)] == ["e0", "e1"]
    assert [body for body, _, _ in made.set_aside(BUS)] == ([poison] if aside else [])


def test_a_batch_of_poison_alone_is_reported_record_by_record() -> None:
    gone = [f'{{"blob": "messages/gone-{number}"}}' for number in range(2)]
    assert failed(invoke("sensor", batch("sensor", gone), installation())) == ["m0", "m1"]


def test_an_empty_batch() -> None:
    assert failed(invoke("sensor", {"Records": []}, installation())) == []


def test_a_redelivered_batch_gives_the_same_firings() -> None:
    made = FakeInstallation()
    made.apply(sensor([trigger("join")], [dependency("a"), dependency("b", subject="other")]))
    bodies = [made.bus_message(event({}, id="a1")), made.bus_message(event({}, id="b1", subject="other"))]
    ids = []
    for _ in range(2):
        invoke("sensor", batch("sensor", bodies), made)
        ids.append([message["firing"]["id"] for message in made.events(TRIGGERS)])
    assert ids[0] == ids[1]
    assert len(ids[0]) == 1


def test_firings_that_cannot_be_sent_fail_the_batch() -> None:
    class Full(FakeQueue):
        """Takes nothing."""

        def send(self, queue: str, messages: Sequence[Outgoing]) -> list[str]:
            raise Unavailable("full")

    clock = FakeClock()
    made = FakeInstallation(clock=clock, queue=Full(QUEUES, clock))
    made.apply(sensor([trigger()]))
    with pytest.raises(Unavailable):
        invoke("sensor", batch("sensor", [made.bus_message(event({}))]), made)


LOOPS: Mapping[str, tuple[Body, str]] = {
    "filter": ({"filters": {"script": "while true do end"}}, "instructions"),
    "transform": ({"transform": {"script": "while true do end"}}, "instructions"),
    "jq": ({"transform": {"jq": "def f: 1 | f; f"}}, "0.5"),
}


@pytest.mark.parametrize("kind", LOOPS)
def test_what_loops_is_stopped_and_counted_and_the_next_sensor_fires(kind: str) -> None:
    dependent, told = LOOPS[kind]
    jq = JqProcess(seconds=0.5)
    try:
        made = FakeInstallation(jq=jq)
        made.apply(
            sensor([trigger()], [dependency("dep", **dependent)], name="loops"), sensor([trigger()], name="well")
        )
        fired = made.sense(event({}, id="e1"), event({}, id="e2"))
    finally:
        jq.close()
    assert [one["sensor"] for one in fired] == ["well", "well"]
    dropped = made.status("loops", "ns")["dependencies"]["dep"]
    assert dropped["dropped"] == 2
    assert told in dropped["lastDropped"]
