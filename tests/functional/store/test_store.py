"""The store on the fake and on SQLite, and what is SQLite's own."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from argosy import formats
from argosy.adapters.sqlite.store import SqliteStore
from argosy.errors import Conflict, Unavailable
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.ports.store import ABSENT, Put, Row, Store
from contracts.store import StoreContract
from support.processes import Script, disk_full


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class TestFake(StoreContract):
    """On the fake."""

    @pytest.fixture
    def store(self, clock: FakeClock) -> Store:
        return FakeStore(clock)


class TestSqlite(StoreContract):
    """On SQLite."""

    @pytest.fixture
    def store(self, clock: FakeClock, tmp_path: Path) -> Iterator[Store]:
        store = SqliteStore(tmp_path / "store.db", clock)
        yield store
        store.close()


WRITER = """
import sys
from pathlib import Path
from argosy.adapters.sqlite.store import SqliteStore
from argosy.errors import Conflict
from argosy.ports.clock import SystemClock
from argosy.ports.store import Put, Row
store = SqliteStore(Path(sys.argv[1]), SystemClock())
print("ready", flush=True)
sys.stdin.readline()
"""


def test_rows_outlive_the_process(tmp_path: Path, clock: FakeClock) -> None:
    for number in (1, 2):
        store = SqliteStore(tmp_path / "store.db", clock)
        store.write([Put(Row("p", "s", {"n": number}), expect=number - 1)])
        store.close()
    store = SqliteStore(tmp_path / "store.db", clock)
    assert store.get("p", "s") == Row("p", "s", {"n": 2}, 2)
    store.close()


def test_what_was_written_outlives_a_kill(tmp_path: Path, clock: FakeClock) -> None:
    loop = """
number = 0
while True:
    number += 1
    store.write([Put(Row("p", f"{number:06}", {"n": number}), 0), Put(Row("q", f"{number:06}", {}), 0)])
    print(number, flush=True)
"""
    writer = Script(WRITER + loop, tmp_path / "store.db")
    writer.go()
    told = [int(writer.line()) for _ in range(30)]
    writer.kill()
    store = SqliteStore(tmp_path / "store.db", clock)
    kept = [row.data["n"] for row in store.query("p")]
    assert kept[: len(told)] == told
    assert [row.sk for row in store.query("q")] == [row.sk for row in store.query("p")], "half of a write is there"
    store.close()


def test_two_processes_lose_no_update(tmp_path: Path, clock: FakeClock) -> None:
    loop = """
done = 0
while done < 50:
    store.tally("p", "tally", {"n": 1}, {})
    row = store.get("p", "counter")
    try:
        store.write([Put(Row("p", "counter", {"n": row.data["n"] + 1}), row.version)])
    except Conflict:
        continue
    done += 1
"""
    store = SqliteStore(tmp_path / "store.db", clock)
    store.write([Put(Row("p", "counter", {"n": 0}), ABSENT)])
    writers = [Script(WRITER + loop, tmp_path / "store.db") for _ in range(2)]
    for writer in writers:
        writer.go()
    for writer in writers:
        writer.finish()
    counter, tally = store.get("p", "counter"), store.get("p", "tally")
    assert counter is not None
    assert tally is not None
    assert counter.data == {"n": 100}
    assert tally.data["n"] >= 100
    store.close()


def test_the_sweep_removes_expired_rows(tmp_path: Path, clock: FakeClock) -> None:
    store = SqliteStore(tmp_path / "store.db", clock)
    store.write([Put(Row("p", str(n), {}, expires_at=clock.now().timestamp() + n)) for n in (10, 20)])
    clock.advance(15)
    assert store.sweep() == 1
    assert store.sweep() == 0
    assert [row.sk for row in store.query("p")] == ["20"]
    store.close()


def test_only_the_owner_may_look(tmp_path: Path, clock: FakeClock) -> None:
    store = SqliteStore(tmp_path / "data" / "store.db", clock)
    for path in [tmp_path / "data", *(tmp_path / "data").iterdir()]:
        assert path.stat().st_mode & 0o077 == 0, path
    store.close()


def test_another_reader_sees_a_write_at_once(tmp_path: Path, clock: FakeClock) -> None:
    one, two = (SqliteStore(tmp_path / "store.db", clock) for _ in range(2))
    for number in (1, 2, 3):
        one.write([Put(Row("p", "s", {"n": number}))])
        row = two.get("p", "s")
        assert row is not None
        assert row.data == {"n": number}
    with pytest.raises(Conflict):
        two.write([Put(Row("p", "s", {}), expect=1)])
    one.close()
    two.close()


@pytest.mark.parametrize("background", [False, True])
def test_a_checkpoint_changes_nothing(tmp_path: Path, clock: FakeClock, background: bool) -> None:
    store = SqliteStore(tmp_path / "store.db", clock, background_checkpoints=background)
    for number in range(60):
        store.write([Put(Row("p", f"{number:02}", {"text": "x" * 100_000}))])
        store.checkpoint()
    assert len(store.query("p")) == 60
    store.close()
    store.close()


@pytest.mark.parametrize("where", ["file/store.db", "/proc/argosy/store.db", "folder"])
def test_a_place_that_cannot_be_written(tmp_path: Path, clock: FakeClock, where: str) -> None:
    (tmp_path / "file").write_text("this is a file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unavailable, match="cannot open"):
        SqliteStore(tmp_path / where, clock)
    gc.collect()  # tells of connections that were left open


def test_a_file_that_is_no_database(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / "store.db").write_text("no database, but quite some text " * 100)
    with pytest.raises(Unavailable, match=r"store\.db"):
        SqliteStore(tmp_path / "store.db", clock)
    gc.collect()


def test_a_full_disk_is_told_and_passes(tmp_path: Path, clock: FakeClock) -> None:
    loop = """
from argosy.errors import Unavailable
store.write([Put(Row("p", "before", {"text": "x"}))])
full(Path(sys.argv[1]).parent)
try:
    for number in range(100):
        store.write([Put(Row("p", f"during{number}", {"text": "x" * 100_000}))])
        told = number + 1
except Unavailable as x:
    print("unavailable", x, flush=True)
room()
store.write([Put(Row("p", "after", {"text": "x"}))])
print("written", flush=True)
store.close()
"""
    writer = Script(disk_full(WRITER) + loop, tmp_path / "store.db")
    writer.go()
    assert writer.line().startswith("unavailable")
    assert writer.line() == "written"
    writer.finish()
    store = SqliteStore(tmp_path / "store.db", clock)
    assert store.get("p", "before") is not None
    assert store.get("p", "after") is not None
    store.close()


@pytest.mark.parametrize(("found", "readable"), [(0, True), (formats.ROWS, True), (formats.ROWS + 1, False)])
def test_a_file_of_another_release(tmp_path: Path, clock: FakeClock, found: int, *, readable: bool) -> None:
    path = tmp_path / "store.db"
    made = SqliteStore(path, clock)
    made.write([Put(Row("p", "s", {"n": 1}))])
    made.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={found}")
    if readable:
        store = SqliteStore(path, clock)
        assert store.query("p")[0].data == {"n": 1}
        store.close()
    else:
        with pytest.raises(Unavailable, match=r"store.db was written by a newer release"):
            SqliteStore(path, clock)
