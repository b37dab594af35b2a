"""The store on DynamoDB, and what is DynamoDB's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from argosy import formats
from argosy.adapters.aws.clients import Clients
from argosy.adapters.aws.store import DynamoStore
from argosy.errors import Conflict, Denied, InvalidObject, NotFound, Permanent, Unavailable
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.store import ABSENT, Delete, Put, Row, Store
from contracts.store import StoreContract, keys
from support.aws import Wire, at_once, make_table, mocked

TABLE = "argosy"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def clients() -> Iterator[Clients]:
    with mocked() as clients:
        make_table(clients.dynamodb, TABLE)
        yield clients


@pytest.fixture
def wire(clients: Clients) -> Wire:
    return Wire(clients.dynamodb)


@pytest.fixture
def blobs(clock: FakeClock) -> FakeBlobs:
    return FakeBlobs(clock)


@pytest.fixture
def store(clients: Clients, clock: FakeClock, blobs: FakeBlobs) -> Store:
    return DynamoStore(TABLE, clients, clock, blobs, sleep=at_once)


class TestMoto(StoreContract):
    """On moto."""


def stored(clients: Clients, pk: str = "p", sk: str = "s") -> dict[str, Any]:
    answer = clients.dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    return dict(answer["Item"])


def noise(size: int) -> str:
    """Text that cannot be compressed to less than about half."""
    state, parts = 1, []
    for _ in range(size // 16):
        state = state * 6364136223846793005 % 2**64
        parts.append(f"{state:016x}")
    return "".join(parts)


# What is in an item


@pytest.mark.parametrize(("length", "kind"), [(0, "S"), (1000, "S"), (1100, "B"), (300_000, "B")])
def test_large_data_is_compressed(clients: Clients, store: Store, length: int, kind: str) -> None:
    store.write([Put(Row("p", "s", {"text": "é" * (length // 2)}))])
    assert list(stored(clients)["data"]) == [kind]
    row = store.get("p", "s")
    assert row is not None
    assert row.data == {"text": "é" * (length // 2)}


@pytest.mark.parametrize("expect", [None, ABSENT])
def test_very_large_data_lies_in_a_blob(clients: Clients, store: Store, blobs: FakeBlobs, expect: int | None) -> None:
    large, other = {"text": noise(300_000)}, {"text": noise(400_000)}
    store.write([Put(Row("p", "s", large, due_at=1.0), expect), Put(Row("p", "t", other), expect)])
    item = stored(clients)
    assert "data" not in item
    blobs.get(item["blob"]["S"])
    assert [dict(row.data) for row in store.query("p")] == [large, other]
    assert store.due(2, 10) == [Row("p", "s", large, 1, 1.0)]
    store.write([Put(Row("p", "s", {"small": True}))])
    assert "blob" not in stored(clients)
    store.write([Put(Row("p", "s", large), 2)])
    assert store.get("p", "s") == Row("p", "s", large, 3)


def test_very_large_data_without_blobs_is_refused(clients: Clients, clock: FakeClock) -> None:
    with pytest.raises(InvalidObject, match=r"row p/s has 1\d\d,\d{3} bytes of compressed data"):
        DynamoStore(TABLE, clients, clock).write([Put(Row("p", "s", {"text": noise(300_000)}))])


def test_a_blob_that_is_gone(clients: Clients, store: Store, clock: FakeClock) -> None:
    store.write([Put(Row("p", "s", {"text": noise(300_000)}))])
    with pytest.raises(NotFound, match="rows/"):
        DynamoStore(TABLE, clients, clock, FakeBlobs(clock)).get("p", "s")


def test_dynamodb_expires_no_row_too_early(clients: Clients, store: Store) -> None:
    store.write([Put(Row("p", "s", {}, expires_at=1e9 + 0.25)), Put(Row("p", "t", {}, expires_at=1e9))])
    assert [stored(clients, sk=sk)["expires_at"] for sk in "st"] == [{"N": "1000000001"}, {"N": "1000000000"}]


def test_a_row_that_is_not_due_is_not_in_the_index(clients: Clients, store: Store) -> None:
    store.write([Put(Row("p", "s", {}, due_at=5))])
    assert stored(clients)["due_shard"]["S"] in {f"{number:02}" for number in range(16)}
    store.write([Put(Row("p", "s", {}))])
    assert not {"due_at", "due_shard"} & stored(clients).keys()


def test_due_rows_are_spread_over_the_shards(clients: Clients, store: Store) -> None:
    store.write([Put(Row("p", f"{number}", {}, due_at=1000 - number)) for number in range(100)])
    shards = {stored(clients, sk=f"{number}")["due_shard"]["S"] for number in range(100)}
    assert len(shards) == 16
    assert keys(store.due(1000, 1000)) == [f"{number}" for number in reversed(range(100))]
    assert keys(store.due(970, 30)) == [f"{number}" for number in range(99, 69, -1)]
    assert store.next_due() == 901


def test_only_what_is_asked_for_is_read(store: Store, wire: Wire) -> None:
    store.write([Put(Row("p", f"{number:02}", {}, due_at=number)) for number in range(100)])
    wire.calls.clear()
    assert keys(store.query("p", limit=5)) == ["00", "01", "02", "03", "04"]
    assert wire.calls == {"Query": 1}
    store.next_due()
    assert wire.calls == {"Query": 17}


def test_all_pages_of_a_partition(store: Store) -> None:
    text = noise(80_000)  # 30 rows of 40 KB are more than one page of 1 MB
    for number in range(30):
        store.write([Put(Row("p", f"{number:02}", {"text": text}))])
    assert keys(store.query("p")) == [f"{number:02}" for number in range(30)]
    assert keys(store.query("p", limit=28, newest_first=True)) == [f"{number:02}" for number in range(29, 1, -1)]


def test_expired_rows_do_not_use_up_the_limit(store: Store, clock: FakeClock) -> None:
    end = clock.now().timestamp() + 5
    for sk in "abcdef":
        store.write([Put(Row("p", sk, {}, due_at=1, expires_at=end if sk in "abd" else None))])
    clock.advance(5)
    assert keys(store.query("p", limit=2)) == ["c", "e"]
    assert sorted(keys(store.due(1, 3))) == ["c", "e", "f"]


# Writes


def put(sk: str, expect: int | None = None) -> Put:
    return Put(Row("p", sk, {"written": True}), expect)


@pytest.mark.parametrize("together", [[], [put("other")]])
def test_a_row_whose_time_is_over_is_written_anew(store: Store, clock: FakeClock, together: list[Put]) -> None:
    for _ in range(2):
        store.write([Put(Row("p", "s", {}, expires_at=clock.now().timestamp() + 10))])
    clock.advance(11)
    store.write([put("s"), *together])
    assert store.get("p", "s") == Row("p", "s", {"written": True}, 1)
    store.write([put("s"), *together])
    assert store.get("p", "s") == Row("p", "s", {"written": True}, 2)


@pytest.mark.parametrize("expect", [None, ABSENT])
def test_deleting_a_row_whose_time_is_over(store: Store, clock: FakeClock, expect: int | None) -> None:
    store.write([Put(Row("p", "s", {}, expires_at=clock.now().timestamp() + 10))])
    clock.advance(11)
    with pytest.raises(Conflict):
        store.write([Delete("p", "s", 1)])
    store.write([Delete("p", "s", expect)])
    store.write([Delete("p", "s", expect), put("t")])


@pytest.mark.parametrize("expect", [ABSENT, 1])
def test_a_write_whose_answer_is_lost_was_done(store: Store, wire: Wire, expect: int) -> None:
    for _ in range(expect):
        store.write([put("s")])
    wire.lose_answer("PutItem")
    store.write([put("s", expect)])
    assert wire.calls["PutItem"] == 2
    row = store.get("p", "s")
    assert row is not None
    assert row.version == expect + 1
    with pytest.raises(Conflict):
        store.write([put("s", expect)])


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("PutItem", "ThrottlingException"),
        ("PutItem", "ProvisionedThroughputExceededException"),
        ("PutItem", "TransactionConflictException"),
        ("GetItem", "RequestLimitExceeded"),
        ("GetItem", "InternalServerError"),
    ],
)
def test_what_passes_is_tried_again(store: Store, wire: Wire, operation: str, code: str) -> None:
    wire.answer(operation, 500 if code.startswith("Internal") else 400, code, times=2)
    store.write([put("s", ABSENT)])
    assert store.get("p", "s") is not None
    assert wire.calls[operation] == 3


@pytest.mark.parametrize("code", ["ThrottlingException", "TransactionConflictException", "InternalServerError"])
def test_what_does_not_pass_is_unavailable(store: Store, wire: Wire, code: str) -> None:
    wire.answer("PutItem", 400, code, times=20)
    with pytest.raises(Unavailable if code != "InternalServerError" else Permanent, match=TABLE):
        store.write([put("s", ABSENT)])
    assert store.get("p", "s") is None


def cancelled(*codes: str) -> dict[str, Any]:
    return {"CancellationReasons": [{"Code": code, "Message": f"because {code}"} for code in codes]}


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_that_meets_another_is_tried_again(store: Store, wire: Wire, code: str) -> None:
    wire.answer("TransactWriteItems", 400, "TransactionCanceledException", times=2, **cancelled("None", code))
    store.write([put("s", ABSENT), put("t")])
    assert keys(store.query("p")) == ["s", "t"]
    assert wire.calls["TransactWriteItems"] == 3
    wire.answer("TransactWriteItems", 400, "TransactionCanceledException", times=20, **cancelled("None", code))
    with pytest.raises(Unavailable, match="rows p/s, p/t of table argosy"):
        store.write([put("s"), put("t")])


def test_a_transaction_that_can_never_be(store: Store, wire: Wire) -> None:
    wire.answer("TransactWriteItems", 400, "TransactionCanceledException", **cancelled("None", "ValidationError"))
    with pytest.raises(Permanent, match="because ValidationError"):
        store.write([put("s"), put("t")])


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AccessDeniedException", Denied),
        ("UnrecognizedClientException", Denied),
        ("ValidationException", Permanent),
        ("ResourceNotFoundException", NotFound),
    ],
)
def test_refusals_name_call_row_and_reason(store: Store, wire: Wire, code: str, error: type[Exception]) -> None:
    wire.answer("GetItem", 400, code)
    with pytest.raises(error, match=rf"row p/s of table argosy: GetItem: told by AWS: {code} \({code}\)"):
        store.get("p", "s")


# Tallies


def test_tallies_are_counted_by_dynamodb(store: Store, wire: Wire) -> None:
    for _ in range(5):
        store.tally("p", "s", {"a.b": 1, "free": -0.5}, {"last": {"x": [1]}})
    assert wire.calls["UpdateItem"] == 1 + 5, "only the first takes two calls"
    row = store.get("p", "s")
    assert row is not None
    assert row.data == {"a.b": 5, "free": -2.5, "last": {"x": [1]}}
    assert isinstance(row.data["a.b"], int)


def test_tallies_and_writes_see_each_other(store: Store) -> None:
    store.tally("p", "s", {"count": 1}, {"text": "a"})
    store.write([Put(Row("p", "s", {"count": 10, "kept": True}), 1)])
    store.tally("p", "s", {"count": 2}, {})
    store.tally("p", "s", {"more": 1}, {"count": 100})
    store.tally("p", "s", {"count": 5}, {})
    assert store.get("p", "s") == Row("p", "s", {"count": 105, "kept": True, "more": 1}, 5)
    store.tally("p", "s", {"count": 5}, {"count": 1})
    row = store.get("p", "s")
    assert row is not None
    assert row.data["count"] == 6
    store.write([Put(Row("p", "s", {}))])
    assert store.get("p", "s") == Row("p", "s", {}, 7)


def test_a_tally_waits_for_transactions(store: Store, wire: Wire) -> None:
    wire.answer("UpdateItem", 400, "TransactionConflictException", times=3)
    store.tally("p", "s", {"count": 1}, {})
    row = store.get("p", "s")
    assert row is not None
    assert row.data == {"count": 1}
    wire.answer("UpdateItem", 400, "TransactionConflictException", times=20)
    with pytest.raises(Unavailable):
        store.tally("p", "s", {"count": 1}, {})


# Formats


def test_an_item_says_its_format(clients: Clients, store: Store) -> None:
    store.write([Put(Row("p", "s", {"a": 1}))])
    store.tally("p", "t", {"n": 1}, {})
    for sk in "st":
        assert stored(clients, sk=sk)["format"] == {"N": str(formats.ROWS)}


@pytest.mark.parametrize(("found", "readable"), [(None, True), (formats.ROWS - 1, True), (formats.ROWS + 1, False)])
def test_the_release_before_is_read_and_the_next_one_is_not(
    clients: Clients, store: Store, found: int | None, *, readable: bool
) -> None:
    store.write([Put(Row("p", "s", {"a": 1}))])
    item = stored(clients)
    del item["format"]
    if found is not None:
        item["format"] = {"N": str(found)}
    clients.dynamodb.put_item(TableName=TABLE, Item=item)
    if readable:
        assert store.query("p")[0].data == {"a": 1}
    else:
        with pytest.raises(Unavailable, match="row p/s was written by a newer release"):
            store.query("p")
