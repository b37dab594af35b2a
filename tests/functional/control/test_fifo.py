"""functions/reconcile_source with the batches that a FIFO queue makes: groups, duplicates, partial failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from argosy.adapters.sqlite.store import SqliteStore
from argosy.errors import NotFound, Unavailable
from argosy.local.functions import Context, handler, sqs_event
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.queue import Delivery
from argosy.ports.store import Delete, Put
from argosy.ports.wiring import Place
from argosy.services import runtime
from argosy.services.objects import WIRING
from argosy.services.queues import RECONCILE_SOURCE, TIMERS
from support.events import event_source
from support.functions import failed, invoke
from support.services import FakeInstallation

QUEUE = "arn:aws:sqs:eu-central-1:1:orders"
TOPIC = "arn:aws:sns:eu-central-1:1:orders"
PLACE = Place("aws", "eu-central-1", "1", "it", (QUEUE, TOPIC))
SQS = {"region": "eu-central-1", "queue": "orders"}
SNS = {"region": "eu-central-1", "topicArn": TOPIC, "webhook": {"endpoint": "/", "port": "12000"}}
WAKE = orjson.dumps({"wake": str(WIRING)}).decode()
POISON, FOREIGN = "{}", '{"wake": "c/g/Kind/ns/name"}'


class FailingStore(SqliteStore):
    """Is away for the first `failures` writes."""

    failures = 0

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the store is away")
        super().write(changes, durable=durable)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    made = FailingStore(tmp_path / "store.db", FakeClock())
    yield made
    made.close()


@pytest.fixture
def made(store: FailingStore) -> FakeInstallation:
    made = FakeInstallation(place=PLACE, store=store)
    made.apply(event_source({"sqs": {"e": SQS}, "sns": {"f": SNS}}))
    return made


def batch(records: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A batch of (group, body); message ids are m0, m1, …"""
    deliveries = [Delivery(f"m{n}", body, f"h{n}", 1, 0.0, group) for n, (group, body) in enumerate(records)]
    return sqs_event(f"{RECONCILE_SOURCE}.fifo", deliveries)


@pytest.mark.parametrize(
    ("records", "fails"),
    [
        ([("a", WAKE)], []),
        ([("a", WAKE), ("a", WAKE), ("a", WAKE)], []),
        ([("a", WAKE), ("b", POISON), ("a", WAKE)], ["m1"]),
        ([("b", POISON), ("a", WAKE), ("b", POISON), ("b", FOREIGN)], ["m0", "m2", "m3"]),
        ([("b", POISON), ("b", WAKE), ("a", WAKE)], ["m0", "m1"]),
        ([("b", FOREIGN), ("a", WAKE), ("c", POISON)], ["m0", "m2"]),
        ([("b", POISON)], ["m0"]),
        ([("b", POISON), ("c", FOREIGN)], ["m0", "m1"]),
        ([], []),
    ],
)
def test_a_failure_ends_its_group_and_no_other(
    made: FakeInstallation, records: list[tuple[str, str]], fails: list[str]
) -> None:
    assert failed(invoke("reconcile_source", batch(records), made)) == fails
    wired = any((group, body) == ("a", WAKE) for group, body in records)
    assert sorted(made.wiring.calls) == ([f"connect sns/{TOPIC}", f"connect sqs/{QUEUE}"] if wired else [])


def test_what_cannot_be_connected_fails_no_message(made: FakeInstallation) -> None:
    made.wiring.problems[QUEUE] = NotFound("the queue is not there")
    assert failed(invoke("reconcile_source", batch([("a", WAKE), ("a", WAKE)]), made)) == []
    assert [wire.source for wire in made.wiring.wires.values()] == [TOPIC]
    assert made.runtime.queue.depth(TIMERS).total == 2, "each turn set a timer; the first is none any more"


def test_a_store_that_is_away_fails_the_group(made: FakeInstallation, store: FailingStore) -> None:
    records = [("a", WAKE), ("a", WAKE)]
    store.failures = 1
    assert failed(invoke("reconcile_source", batch(records), made)) == ["m0", "m1"]
    assert failed(invoke("reconcile_source", batch(records), made)) == []
    assert len(made.wiring.wires) == 2


def test_one_group_in_several_invocations_at_once(made: FakeInstallation) -> None:
    """SQS does not do this; a function that outlives its visibility timeout does."""
    runtime.use(made.runtime)
    together, reconcile = threading.Barrier(4), handler("reconcile_source")

    def once() -> list[str]:
        together.wait()
        return failed(reconcile(batch([("a", WAKE), ("a", WAKE)]), Context("reconcile_source")))

    with ThreadPoolExecutor(4) as pool:
        answers = [future.result() for future in [pool.submit(once) for _ in range(4)]]
    assert answers == [[]] * 4
    assert sorted(made.wiring.wires) == [f"sns/{TOPIC}", f"sqs/{QUEUE}"]
    calls = len(made.wiring.calls)
    assert failed(invoke("reconcile_source", batch([("a", WAKE)]), made)) == []
    assert len(made.wiring.calls) == calls, "everything is connected, and says so"
