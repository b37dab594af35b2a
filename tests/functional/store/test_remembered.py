"""What SqliteStore remembers is what SQLite would answer, whoever writes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from argosy.adapters.sqlite.store import SqliteStore
from argosy.ports.clock import SystemClock
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.store import Delete, Put, Row
from functional.store.test_store import WRITER
from support.processes import Script

TIMES = 1500

type Reads = Callable[[SqliteStore], list[int]]


def by_get(store: SqliteStore) -> list[int]:
    row = store.get("p", "s")
    return [row.data["n"]] if row is not None else []


def by_find(store: SqliteStore) -> list[int]:
    return [row.data["n"] for row in store.find([("p", "s"), ("p", "none"), ("q", "s")]).values()]


def by_query(store: SqliteStore) -> list[int]:
    return [row.data["n"] for row in store.query("p", limit=1)]


READS = [by_get, by_find, by_query]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = SqliteStore(path, FakeClock())
    yield made
    made.close()


@pytest.fixture
def other(path: Path, store: SqliteStore) -> Iterator[SqliteStore]:
    """What another process has of the same file."""
    made = SqliteStore(path, FakeClock())
    yield made
    made.close()


def number(n: int, expires_at: float | None = None) -> Put:
    return Put(Row("p", "s", {"n": n}, expires_at=expires_at))


@pytest.mark.parametrize("reads", READS)
def test_what_is_written_is_read(store: SqliteStore, other: SqliteStore, reads: Reads) -> None:
    assert reads(store) == []
    for n, writer in enumerate([store, other, other, store, other]):
        writer.write([number(n)])
        assert (reads(store), reads(store), reads(other)) == ([n], [n], [n])
    other.write([Delete("p", "s")])
    assert reads(store) == []


@pytest.mark.parametrize("reads", READS)
@pytest.mark.parametrize("how", ["tally", "keep"])
def test_by_whatever_it_is_written(store: SqliteStore, reads: Reads, how: str) -> None:
    store.write([number(1)])
    assert reads(store) == [1]
    if how == "tally":
        store.tally("p", "s", {"n": 1}, {})
    else:
        store.keep([Row("p", "s", {"n": 2})])
    assert reads(store) == [2]


@pytest.mark.parametrize("reads", READS)
def test_it_expires(path: Path, reads: Reads) -> None:
    clock = FakeClock()
    store = SqliteStore(path, clock)
    store.write([number(1, expires_at=clock.now().timestamp() + 10)])
    assert reads(store) == [1]
    clock.advance(11)
    assert reads(store) == []
    store.close()


@pytest.mark.parametrize("reads", READS)
def test_a_process_that_was_killed_while_it_wrote(path: Path, store: SqliteStore, reads: Reads) -> None:
    """It has counted that it begins, and what it has written is there or is not; nobody who read before knows."""
    store.write([number(1)])
    assert reads(store) == [1]
    with path.with_name("store.db.lock").open("r+b") as file:
        begun = int.from_bytes(file.read(8), "little") + 1
        file.seek(0)
        file.write(begun.to_bytes(8, "little"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE rows SET data=?", ('{"n": 2}',))
        connection.commit()
    assert reads(store) == [2]
    store.write([number(3)])
    assert reads(store) == [3]


def test_what_callers_do_to_a_row_changes_nothing(store: SqliteStore) -> None:
    store.write([number(1)])
    for row in (store.get("p", "s"), store.find([("p", "s")])["p", "s"], store.query("p")[0]):
        assert row is not None
        assert isinstance(row.data, dict)
        row.data["n"] = 7
    assert by_get(store) == by_find(store) == by_query(store) == [1]


def test_more_than_is_remembered(store: SqliteStore) -> None:
    """Rows of 100 kB: a few hundred of them are more than is kept, and a list of them is too large."""
    text = "x" * 100_000
    for n in range(200):
        store.write([Put(Row(f"p{n}", "s", {"n": n, "text": text}))])
    for _ in range(2):
        assert [row.data["n"] for n in range(200) if (row := store.get(f"p{n}", "s")) is not None] == list(range(200))
    store.write([Put(Row("all", str(n), {"text": text})) for n in range(3)])
    assert len(store.query("all")) == len(store.query("all")) == 3


@pytest.mark.parametrize("reads", READS)
def test_nothing_older_is_read_than_another_process_has_written(path: Path, reads: Reads) -> None:
    """While others read the same row, and write to it and beside it."""
    store = SqliteStore(path, SystemClock())
    store.write([number(0)])
    ends, problems = threading.Event(), list[str]()

    def busy(own: int) -> None:
        seen = 0
        while not ends.is_set():
            (n,) = reads(store)
            if n < seen:
                problems.append(f"{n} after {seen}")
            seen = n
            store.write([Put(Row("p", f"t{own}", {"n": n})), Put(Row("q", f"t{own}", {}))], durable=False)

    writer = Script(
        WRITER + f"for n in range(1, {TIMES}):\n"
        "    store.write([Put(Row('p', 's', {'n': n}))], durable=False)\n"
        "    print(n, flush=True)\n",
        path,
    )
    threads = [threading.Thread(target=busy, args=(own,)) for own in range(3)]
    for thread in threads:
        thread.start()
    writer.go()
    try:
        for n in range(1, TIMES):
            assert writer.line() == str(n)
            (found,) = reads(store)
            assert found >= n
    finally:
        ends.set()
        for thread in threads:
            thread.join()
        writer.finish()
    assert reads(store) == [TIMES - 1]
    assert problems == []
    store.close()


def test_the_count_stands_in_the_lock_file(path: Path, store: SqliteStore) -> None:
    """Eight bytes, even between transactions, whoever has made the file."""
    lock = path.with_name("store.db.lock")
    before = int.from_bytes(lock.read_bytes(), "little")
    store.write([number(1)])
    after = int.from_bytes(lock.read_bytes(), "little")
    assert (before % 2, after - before) == (0, 2)
