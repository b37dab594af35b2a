"""A table that throttles: calls are tried again, and what cannot be done now comes again and fires once."""

from __future__ import annotations

import pytest

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.runtime import Settings, assemble
from argosy.errors import Unavailable
from argosy.local.functions import sqs_event
from argosy.services.queues import BUS, TRIGGERS
from argosy.services.runtime import Runtime
from support.aws import Wire
from support.awsruntime import call, fired, installation, post, pump
from support.functions import failed

READS, WRITES = ("GetItem", "Query"), ("PutItem", "UpdateItem", "TransactWriteItems")
CODES = ("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded")
OFTEN = 100


@pytest.fixture
def declared(environment: dict[str, str]) -> Runtime:
    return installation(environment)


def fresh(environment: dict[str, str]) -> tuple[Runtime, Wire]:
    """A function that has just started: it knows nothing yet of what is declared."""
    clients = Clients(environment)
    return assemble(Settings.read(environment), clients), Wire(clients.dynamodb)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("times", [1, 2])
def test_a_call_that_is_throttled_is_made_again(
    environment: dict[str, str], declared: Runtime, code: str, times: int
) -> None:
    for operation in (*READS, *WRITES):
        made, wire = fresh(environment)
        wire.answer(operation, 400, code, times=times)
        post(made)
        assert pump(made, BUS, "sensor") == 1
        assert pump(made, TRIGGERS, "trigger") == 1
    assert fired(declared) == len((*READS, *WRITES))


@pytest.mark.parametrize("code", CODES)
def test_a_webhook_that_cannot_read_says_so_and_stores_nothing(
    environment: dict[str, str], declared: Runtime, code: str
) -> None:
    made, wire = fresh(environment)
    for operation in READS:
        wire.answer(operation, 400, code, times=OFTEN)
    post(made, status=500)
    assert declared.queue.depth(BUS).total == 0


def test_a_batch_that_cannot_be_looked_at_comes_again(environment: dict[str, str], declared: Runtime) -> None:
    for _ in range(3):
        post(declared)
    made, wire = fresh(environment)
    for operation in READS:
        wire.answer(operation, 400, CODES[0], times=OFTEN)
    deliveries = declared.queue.receive(BUS, 10)
    with pytest.raises(Unavailable, match="table: "):  # to Lambda that is the whole batch
        call("sensor", sqs_event(BUS, deliveries), made)
    assert declared.queue.depth(TRIGGERS).total == 0

    healed, _ = fresh(environment)
    assert failed(call("sensor", sqs_event(BUS, deliveries), healed)) == []
    assert pump(healed, TRIGGERS, "trigger") == 3
    assert fired(declared) == 3


def test_a_firing_that_cannot_be_claimed_comes_again(environment: dict[str, str], declared: Runtime) -> None:
    for _ in range(3):
        post(declared)
    assert pump(declared, BUS, "sensor") == 3
    made, wire = fresh(environment)
    for operation in WRITES:
        wire.answer(operation, 400, CODES[0], times=OFTEN)
    deliveries = declared.queue.receive(TRIGGERS, 10)
    answer = call("trigger", sqs_event(TRIGGERS, deliveries), made)
    assert sorted(failed(answer)) == sorted(delivery.id for delivery in deliveries)

    healed, _ = fresh(environment)
    assert failed(call("trigger", sqs_event(TRIGGERS, deliveries), healed)) == []
    assert fired(declared) == 3
