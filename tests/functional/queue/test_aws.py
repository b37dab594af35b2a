"""The queue on SQS, and what is SQS's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.queue import SqsQueue, queue_urls
from argosy.errors import Denied, NotFound, Permanent, Unavailable
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.fakes.store import FakeStore
from argosy.ports.queue import Depth, Outgoing, Queue, QueueSpec
from argosy.services.operations import Operation
from argosy.services.runtime import Runtime
from contracts.queue import SPECS, bodies, grouped, texts
from support.aws import EmulatedSqsContract, Wire, at_once, make_queues, mocked, sqs_time


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clients(clock: FakeClock) -> Iterator[Clients]:
    with mocked() as clients, sqs_time(clock):
        yield clients


@pytest.fixture
def urls(clients: Clients) -> dict[str, str]:
    return make_queues(clients.sqs, SPECS)


@pytest.fixture
def queue(clients: Clients, urls: dict[str, str]) -> Queue:
    return SqsQueue(SPECS, urls, clients, wait=0, sleep=at_once)


@pytest.fixture
def wire(clients: Clients, urls: dict[str, str]) -> Wire:
    return Wire(clients.sqs)


class TestMoto(EmulatedSqsContract):
    """On moto, which falls short of SQS in deduplication, too."""

    def test_a_repeated_deduplication_id_is_dropped(self, queue: Queue) -> None:
        """moto gives the dropped message an id of its own, SQS that of the first."""
        queue.send("ordered", [Outgoing("one", group="g", dedup="d")])
        queue.send("ordered", [Outgoing("two", group="h", dedup="d")])
        assert bodies(queue.receive("ordered", 10)) == ["one"]

    def test_duplicates_within_one_send(self, queue: Queue) -> None:
        """As above."""
        queue.send("ordered", [Outgoing(body, group="g", dedup="d") for body in ("one", "two")])
        assert bodies(queue.receive("ordered", 10)) == ["one"]

    def test_ids_are_remembered_after_delivery_for_five_minutes(self, queue: Queue, clock: FakeClock) -> None:
        """moto forgets an id with its message, which is therefore not deleted here."""
        message = Outgoing("one", group="g", dedup="d")
        queue.send("ordered", [message])
        clock.advance(299)
        queue.send("ordered", [message])
        assert queue.depth("ordered").total == 1
        clock.advance(2)
        queue.send("ordered", [message])
        assert queue.depth("ordered").visible == 2


# Batches


def sizes(wire: Wire) -> list[list[int]]:
    """Bytes of the bodies, for each batch that was sent."""
    return [[len(e["MessageBody"].encode()) for e in r["Entries"]] for r in wire.requests if "Entries" in r]


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([1] * 25, [10, 10, 5]),
        ([100_000] * 5, [2, 2, 1]),
        ([262_144, 1], [1, 1]),
        ([131_072, 131_072, 1], [2, 1]),
        ([1, 262_143, 2, 262_142], [2, 2]),
    ],
)
def test_batches_are_cut_by_number_and_bytes(queue: Queue, wire: Wire, lengths: list[int], expected: list[int]) -> None:
    ids = queue.send("plain", texts(*("x" * length for length in lengths)))
    assert [len(batch) for batch in sizes(wire)] == expected
    assert len(set(ids)) == len(lengths)
    assert sorted(len(delivery.body) for delivery in queue.receive("plain", 100)) == sorted(lengths)


def test_bytes_count_not_characters(queue: Queue, wire: Wire) -> None:
    queue.send("plain", texts("é" * 70_000, "é" * 70_000))
    assert sizes(wire) == [[140_000], [140_000]]


def test_many_messages_at_once(queue: Queue) -> None:
    sent = [f"{number:03}" for number in range(205)]
    ids = queue.send("plain", texts(*sent))
    got = queue.receive("plain", 203)
    assert (bodies(got), [delivery.id for delivery in got]) == (sent[:203], ids[:203])
    queue.release("plain", [delivery.handle for delivery in got[:55]])
    queue.delete("plain", [delivery.handle for delivery in got[55:]])
    assert queue.depth("plain") == Depth(57, 0, 0)


def test_attributes_count_and_are_texts(queue: Queue, wire: Wire) -> None:
    messages = [Outgoing("x" * 131_000, attributes={"why": "y" * 1_000}) for _ in range(2)]
    queue.send("plain", [*messages, Outgoing("x", attributes={"why": "nul\0"})])
    assert [len(batch) for batch in sizes(wire)] == [1, 2]
    assert [delivery.attributes["why"][:4] for delivery in queue.receive("plain", 10)] == ["yyyy", "yyyy", "nul\ufffd"]


# Partial failures


def failed(*ids: str, sender: bool = False) -> dict[str, object]:
    return {
        "Failed": [
            {"Id": id_, "SenderFault": sender, "Code": "InternalError", "Message": "for this entry"} for id_ in ids
        ]
    }


def test_entries_that_failed_are_sent_again(queue: Queue, wire: Wire) -> None:
    wire.instead("SendMessageBatch", failed("0", "1", "2"), times=3)
    ids = queue.send("plain", texts("a", "b", "c"))
    assert wire.calls["SendMessageBatch"] == 4
    got = queue.receive("plain", 10)
    assert [(delivery.body, delivery.id) for delivery in got] == list(zip("abc", ids, strict=True))


def test_only_what_failed_is_sent_again(queue: Queue, wire: Wire) -> None:
    gone = [{"Id": "0", "MessageId": "m0"}, {"Id": "2", "MessageId": "m2"}]
    wire.instead("SendMessageBatch", {"Successful": gone, **failed("1")})
    first, second, third = queue.send("plain", texts("a", "b", "c"))
    assert [delivery.body for delivery in queue.receive("plain", 10)] == ["b"]
    assert (first, third) == ("m0", "m2")
    assert second not in {"m0", "m2"}


def test_what_cannot_be_sent_is_counted(queue: Queue, wire: Wire) -> None:
    wire.instead("SendMessageBatch", failed("3", "4"), times=20)
    with pytest.raises(
        Unavailable, match=r"queue plain: \d+ of 12 messages were not sent: for this entry \(InternalError\)"
    ):
        queue.send("plain", texts(*"abcdefghijkl"))


def test_the_fault_of_the_sender_is_permanent(queue: Queue, wire: Wire) -> None:
    wire.instead("SendMessageBatch", failed("0", sender=True))
    with pytest.raises(Permanent, match="1 of 1 messages were not sent"):
        queue.send("plain", texts("a"))
    assert wire.calls["SendMessageBatch"] == 1


def test_what_follows_does_not_overtake_in_a_fifo_queue(queue: Queue, wire: Wire) -> None:
    wire.instead("SendMessageBatch", failed(*"0123456789"), times=5)
    with pytest.raises(Unavailable, match="25 of 25"):
        queue.send("ordered", grouped(*(f"a{number:02}" for number in range(25))))
    assert queue.depth("ordered").total == 0


@pytest.mark.parametrize(
    ("code", "times", "calls"), [("ThrottlingException", 2, 3), ("RequestThrottled", 2, 3), ("InternalError", 2, 3)]
)
def test_throttled_calls_are_made_again(queue: Queue, wire: Wire, code: str, times: int, calls: int) -> None:
    wire.answer("SendMessageBatch", 500 if code == "InternalError" else 400, code, times=times)
    queue.send("plain", texts("a"))
    assert wire.calls["SendMessageBatch"] == calls
    assert bodies(queue.receive("plain", 1)) == ["a"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "ThrottlingException", Unavailable),
        (503, "ServiceUnavailable", Unavailable),
        (403, "AccessDeniedException", Denied),
        (400, "QueueDoesNotExist", NotFound),
        (400, "InvalidMessageContents", Permanent),
    ],
)
def test_refusals_name_call_queue_and_reason(
    queue: Queue, wire: Wire, status: int, code: str, error: type[Exception]
) -> None:
    wire.answer("SendMessageBatch", status, code, times=20)
    with pytest.raises(error, match=f"queue plain: SendMessageBatch: told by AWS: {code}"):
        queue.send("plain", texts("a"))


@pytest.mark.parametrize("what", ["delete", "release"])
def test_handles_that_failed_are_settled_again(queue: Queue, wire: Wire, what: str) -> None:
    operation = "DeleteMessageBatch" if what == "delete" else "ChangeMessageVisibilityBatch"
    queue.send("plain", texts("a"))
    (got,) = queue.receive("plain", 1)
    wire.instead(operation, failed("0"), times=2)
    getattr(queue, what)("plain", [got.handle])
    assert queue.depth("plain").in_flight == 0
    wire.instead(operation, failed("0"), times=20)
    with pytest.raises(Unavailable, match="1 of 1 handles not settled"):
        getattr(queue, what)("plain", [got.handle])


@pytest.mark.parametrize("code", ["ReceiptHandleIsInvalid", "AWS.SimpleQueueService.MessageNotInflight"])
@pytest.mark.parametrize("sender", [True, False])
def test_a_void_handle_is_nobodys_trouble(queue: Queue, wire: Wire, code: str, sender: bool) -> None:
    void = {"Id": "0", "SenderFault": sender, "Code": code, "Message": "void"}
    for operation, settle in (
        ("DeleteMessageBatch", queue.delete),
        ("ChangeMessageVisibilityBatch", queue.release),
    ):
        wire.instead(operation, {"Failed": [void]})
        settle("plain", ["handle"])
        assert wire.calls[operation] == 1


# Dead letters


def dead(queue: Queue, clock: FakeClock, name: str, *messages: Outgoing) -> None:
    """Let messages die."""
    queue.send(name, messages)
    for _ in range(4 * len(messages)):
        queue.receive(name, 100)
        clock.advance(31)


class Here(Runtime):
    """An installation whose queues are those of the suite."""

    @property
    def queues(self) -> Sequence[QueueSpec]:
        return SPECS


def redriven(queue: Queue, clock: FakeClock, name: str) -> Operation:
    """What the API and the command line do, on this queue."""
    runtime = Here(FakeStore(clock), queue, FakeBlobs(clock), FakeSecrets(), clock, {})
    return runtime.operations.redrive(name, "me")


def test_a_redrive_keeps_what_a_message_has(
    queue: Queue, clients: Clients, urls: dict[str, str], clock: FakeClock
) -> None:
    attribute: MessageAttributeValueTypeDef = {"StringValue": "blue", "DataType": "String"}
    clients.sqs.send_message(QueueUrl=urls["plain"], MessageBody="a", MessageAttributes={"colour": attribute})
    dead(queue, clock, "plain")
    for _ in range(4):
        queue.receive("plain", 1)
        clock.advance(31)
    assert redriven(queue, clock, "plain").moved == 1
    (got,) = queue.receive("plain", 1)
    assert (got.body, got.attributes) == ("a", {"colour": "blue"})


def test_a_redrive_keeps_groups(queue: Queue, clock: FakeClock) -> None:
    dead(queue, clock, "ordered", *grouped("a1", "a2", "b1"))
    assert queue.depth("ordered-dlq").total == 3
    assert redriven(queue, clock, "ordered").moved == 3
    got = queue.receive("ordered", 10)
    assert sorted((delivery.body, delivery.group) for delivery in got) == [("a1", "a"), ("a2", "a"), ("b1", "b")]


def test_many_large_dead_letters(queue: Queue, clock: FakeClock) -> None:
    dead(queue, clock, "plain", *texts(*(f"{number}" + "x" * 100_000 for number in range(12))))
    assert redriven(queue, clock, "plain").moved == 12
    assert queue.depth("plain-dlq").total == 0
    assert {delivery.body[0] for delivery in queue.receive("plain", 100)} == set("0123456789")


def test_a_redrive_that_cannot_send_deletes_nothing(queue: Queue, wire: Wire, clock: FakeClock) -> None:
    dead(queue, clock, "plain", *texts("a", "b"))
    wire.instead("SendMessageBatch", failed("0", "1"), times=5)
    stopped = redriven(queue, clock, "plain")
    assert (stopped.status, stopped.moved) == ("failed", 0)
    assert "2 of 2" in str(stopped.error)
    clock.advance(31)
    assert redriven(queue, clock, "plain").moved == 2


# Addresses


def test_dead_letters_are_found_through_their_queue(clients: Clients, urls: dict[str, str], clock: FakeClock) -> None:
    known = {name: url for name, url in urls.items() if not name.endswith("-dlq")}
    queue = SqsQueue(SPECS, known, clients, wait=0)
    dead(queue, clock, "plain", *texts("a"))
    assert queue.depth("plain-dlq") == Depth(1, 0, 0)
    assert redriven(queue, clock, "plain").moved == 1


@pytest.mark.parametrize(
    ("name", "text"), [("plain", "set ARGOSY_QUEUE_PLAIN"), ("plain-dlq", "ARGOSY_QUEUE_PLAIN_DLQ")]
)
def test_a_queue_without_a_url(clients: Clients, name: str, text: str) -> None:
    with pytest.raises(NotFound, match=text):
        SqsQueue(SPECS, {}, clients).depth(name)


def test_urls_from_the_environment() -> None:
    environ = {"ARGOSY_QUEUE_PLAIN": "https://one", "ARGOSY_QUEUE_PLAIN_DLQ": "https://two", "ARGOSY_QUEUE_ORDERED": ""}
    assert queue_urls(SPECS, environ) == {"plain": "https://one", "plain-dlq": "https://two"}
