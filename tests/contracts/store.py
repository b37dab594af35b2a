"""What every `Store` does, run on the fake and on SQLite by subclasses that give the fixtures.

`clock`: the clock that the store reads. `store`: an empty store.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from argosy.errors import Conflict, InvalidObject
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.store import ABSENT, Delete, Put, Row, Store


def put(store: Store, sk: str, pk: str = "p", **data: Any) -> None:
    store.write([Put(Row(pk, sk, data))])


def keys(rows: list[Row]) -> list[str]:
    return [row.sk for row in rows]


class StoreContract:
    """The suite."""

    # Rows

    def test_what_was_written_is_there(self, store: Store) -> None:
        data = {"text": "é", "number": 1.5, "whole": 3, "none": None, "yes": True, "list": [1, [2]], "map": {"a": {}}}
        store.write([Put(Row("p", "s", data, due_at=5.5, expires_at=4e9))])
        assert store.get("p", "s") == Row("p", "s", data, 1, 5.5, 4e9)

    def test_what_was_not_written_is_not_there(self, store: Store) -> None:
        put(store, "s")
        assert store.get("p", "other") is None
        assert store.get("other", "s") is None
        assert store.query("other") == []

    def test_several_by_their_keys(self, store: Store) -> None:
        put(store, "a", value="é'\"")
        put(store, "a", "other")
        store.write([Put(Row("p", "old", expires_at=1.0))])
        asked = [("p", "a"), ("p", "none"), ("other", "a"), ("none", "a"), ("p", "old"), ("p", "a")]
        wanted = {("p", "a"): store.get("p", "a"), ("other", "a"): store.get("other", "a")}
        assert store.find(asked) == wanted
        assert store.find([]) == {}

    def test_more_of_them_than_go_together(self, store: Store) -> None:
        store.write([Put(Row("p", f"{number}", {"n": number})) for number in range(100)])
        store.write([Put(Row("q", f"{number}", {"n": number})) for number in range(30)])
        asked = [("p", f"{number}") for number in range(100)] + [("q", f"{number}") for number in range(40)]
        found = store.find(asked)
        assert [found[key].data["n"] for key in asked if key in found] == [*range(100), *range(30)]

    def test_the_version_counts_the_writes(self, store: Store) -> None:
        for number in (1, 2, 3):
            put(store, "s", value=number)
            row = store.get("p", "s")
            assert row is not None
            assert (row.version, row.data) == (number, {"value": number})

    def test_the_version_of_the_given_row_does_not_count(self, store: Store) -> None:
        store.write([Put(Row("p", "s", version=41))])
        row = store.get("p", "s")
        assert row is not None
        assert row.version == 1

    def test_a_write_replaces_the_whole_row(self, store: Store) -> None:
        store.write([Put(Row("p", "s", {"a": 1}, due_at=1, expires_at=4e9))])
        put(store, "s", b=2)
        assert store.get("p", "s") == Row("p", "s", {"b": 2}, 2)

    def test_rows_are_copies(self, store: Store) -> None:
        data: dict[str, Any] = {"list": [1]}
        store.write([Put(Row("p", "s", data))])
        data["list"].append(2)
        row = store.get("p", "s")
        assert row is not None
        row.data["list"].append(3)
        again = store.get("p", "s")
        assert again is not None
        assert again.data == {"list": [1]}

    # Conditions

    @pytest.mark.parametrize(("stored", "expect"), [(0, 1), (0, 7), (1, ABSENT), (1, 2), (2, 1)])
    @pytest.mark.parametrize("delete", [False, True])
    def test_an_expectation_that_does_not_hold(self, store: Store, stored: int, expect: int, delete: bool) -> None:
        for _ in range(stored):
            put(store, "s", old=True)
        change = Delete("p", "s", expect) if delete else Put(Row("p", "s", {"new": True}), expect)
        with pytest.raises(Conflict, match="p/s"):
            store.write([change])
        row = store.get("p", "s")
        assert (row.version if row else 0) == stored

    @pytest.mark.parametrize("stored", [0, 1, 2])
    @pytest.mark.parametrize("told", [True, False])
    def test_an_expectation_that_holds(self, store: Store, stored: int, told: bool) -> None:
        for _ in range(stored):
            put(store, "s")
        store.write([Put(Row("p", "s", {"new": True}), stored if told else None)])
        row = store.get("p", "s")
        assert row is not None
        assert (row.version, row.data) == (stored + 1, {"new": True})

    @pytest.mark.parametrize("expect", [None, 1])
    def test_delete(self, store: Store, expect: int | None) -> None:
        put(store, "s")
        store.write([Delete("p", "s", expect)])
        assert store.get("p", "s") is None
        put(store, "s")
        row = store.get("p", "s")
        assert row is not None
        assert row.version == 1

    @pytest.mark.parametrize("expect", [None, ABSENT])
    def test_deleting_what_is_not_there(self, store: Store, expect: int | None) -> None:
        store.write([Delete("p", "s", expect)])
        assert store.get("p", "s") is None

    def test_all_changes_or_none(self, store: Store) -> None:
        put(store, "kept", old=True)
        put(store, "gone", old=True)
        with pytest.raises(Conflict):
            store.write(
                [
                    Put(Row("p", "new", {})),
                    Put(Row("p", "kept", {"old": False}), 1),
                    Delete("p", "gone"),
                    Put(Row("q", "elsewhere", {}), expect=9),
                ]
            )
        assert keys(store.query("p")) == ["gone", "kept"]
        kept = store.get("p", "kept")
        assert kept is not None
        assert kept.data == {"old": True}

    def test_a_hundred_changes_go_together(self, store: Store) -> None:
        store.write([Put(Row("p", f"{number:03}", {}), ABSENT) for number in range(100)])
        assert len(store.query("p")) == 100
        store.write([Delete("p", f"{number:03}", 1) for number in range(100)])
        assert store.query("p") == []

    def test_more_than_a_hundred_do_not(self, store: Store) -> None:
        with pytest.raises(InvalidObject, match="101"):
            store.write([Put(Row("p", str(number), {})) for number in range(101)])
        assert store.query("p") == []

    @pytest.mark.parametrize("second", [Put(Row("p", "s", {"second": True})), Delete("p", "s")])
    def test_a_row_may_be_named_once(self, store: Store, second: Put | Delete) -> None:
        with pytest.raises(InvalidObject):
            store.write([Put(Row("p", "s", {})), second])
        assert store.get("p", "s") is None

    def test_nothing_to_write(self, store: Store) -> None:
        store.write([])

    # Queries

    def test_a_partition_is_ordered_by_sort_key(self, store: Store) -> None:
        for sk in ("b", "a", "c/2", "c/10", "é", "Z"):
            put(store, sk)
        put(store, "elsewhere", pk="q")
        assert keys(store.query("p")) == ["Z", "a", "b", "c/10", "c/2", "é"]
        assert keys(store.query("p", newest_first=True)) == ["é", "c/2", "c/10", "b", "a", "Z"]

    @pytest.mark.parametrize(
        ("prefix", "found"),
        [
            ("c/", ["c/1", "c/2"]),
            ("c", ["c/1", "c/2", "c1"]),
            ("%", ["%_"]),
            ("_", []),
            ("c/1", ["c/1"]),
            ("x", []),
            ("é", ["é", "éé"]),
        ],
    )
    def test_by_prefix(self, store: Store, prefix: str, found: list[str]) -> None:
        for sk in ("c/1", "c/2", "c1", "d", "%_", "é", "éé"):
            put(store, sk)
        assert keys(store.query("p", prefix)) == found

    @pytest.mark.parametrize(("newest_first", "found"), [(False, ["a", "b"]), (True, ["c", "b"])])
    def test_up_to_a_limit(self, store: Store, newest_first: bool, found: list[str]) -> None:
        for sk in "bca":
            put(store, sk)
        assert keys(store.query("p", limit=2, newest_first=newest_first)) == found

    @pytest.mark.parametrize(
        ("prefix", "after", "found"),
        [
            ("", "", ["a", "c/1", "c/2", "c/3", "d"]),
            ("", "a", ["c/1", "c/2", "c/3", "d"]),
            ("", "b", ["c/1", "c/2", "c/3", "d"]),
            ("", "c/2", ["c/3", "d"]),
            ("", "c/20", ["c/3", "d"]),
            ("", "d", []),
            ("", "z", []),
            ("c/", "", ["c/1", "c/2", "c/3"]),
            ("c/", "c/1", ["c/2", "c/3"]),
            ("c/", "c/", ["c/1", "c/2", "c/3"]),
            ("c/", "c/3", []),
            ("c/", "c/nothing", []),
            ("c/", "a", ["c/1", "c/2", "c/3"]),
            ("c/", "c", ["c/1", "c/2", "c/3"]),
            ("c/", "d", []),
            ("c/", "\U0001f642", []),
        ],
    )
    def test_after_a_sort_key(self, store: Store, prefix: str, after: str, found: list[str]) -> None:
        for sk in ("a", "c/1", "c/2", "c/3", "d"):
            put(store, sk)
            put(store, sk, pk="other")
        assert keys(store.query("p", prefix, after=after)) == found
        assert keys(store.query("p", prefix, after=after, limit=1)) == found[:1]

    @pytest.mark.parametrize(
        ("prefix", "after", "found"),
        [
            ("", "c/2", ["c/1", "a"]),
            ("", "a", []),
            ("", "z", ["d", "c/3", "c/2", "c/1", "a"]),
            ("c/", "c/3", ["c/2", "c/1"]),
            ("c/", "c/25", ["c/2", "c/1"]),
            ("c/", "c/", []),
            ("c/", "d", ["c/3", "c/2", "c/1"]),
            ("c/", "a", []),
        ],
    )
    def test_after_a_sort_key_backwards(self, store: Store, prefix: str, after: str, found: list[str]) -> None:
        for sk in ("a", "c/1", "c/2", "c/3", "d"):
            put(store, sk)
        assert keys(store.query("p", prefix, after=after, newest_first=True)) == found

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_page_by_page(self, store: Store, clock: FakeClock, newest_first: bool) -> None:
        """A page is full while there is more, expired rows or not, and the last row's key begins the next one."""
        for number in range(10):
            end = clock.now().timestamp() + 1 if number % 3 == 0 else None
            store.write([Put(Row("p", f"k/{number}", {}, expires_at=end))])
        clock.advance(2)
        found: list[str] = []
        while page := store.query("p", "k/", after=found[-1] if found else "", limit=2, newest_first=newest_first):
            found += keys(page)
            assert len(page) == 2
        assert sorted(found) == ["k/1", "k/2", "k/4", "k/5", "k/7", "k/8"]
        assert found == sorted(found, reverse=newest_first)

    # Expiry

    def test_an_expired_row_is_gone(self, store: Store, clock: FakeClock) -> None:
        end = clock.now().timestamp() + 10
        store.write([Put(Row("p", "s", {}, due_at=1, expires_at=end)), Put(Row("p", "t", {}, due_at=2))])
        clock.advance(9.9)
        assert keys(store.query("p")) == ["s", "t"]
        clock.advance(0.1)
        assert store.get("p", "s") is None
        assert keys(store.query("p")) == ["t"]
        assert keys(store.due(end, 10)) == ["t"]
        assert store.next_due() == 2

    def test_an_expired_row_counts_as_absent(self, store: Store, clock: FakeClock) -> None:
        store.write([Put(Row("p", "s", {}, expires_at=clock.now().timestamp() + 10))])
        clock.advance(11)
        with pytest.raises(Conflict):
            store.write([Put(Row("p", "s", {}), expect=1)])
        store.write([Put(Row("p", "s", {"new": True}), ABSENT)])
        assert store.get("p", "s") == Row("p", "s", {"new": True}, 1)

    # Due rows

    def test_due_rows_come_earliest_first(self, store: Store) -> None:
        for sk, due in (("late", 30.0), ("soon", 10.5), ("sooner", 10.25), ("never", None)):
            store.write([Put(Row("p", sk, {"x": sk}, due_at=due))])
        store.write([Put(Row("q", "other", {}, due_at=20.0))])
        assert keys(store.due(20.0, 10)) == ["sooner", "soon", "other"]
        assert keys(store.due(100.0, 2)) == ["sooner", "soon"]
        assert store.due(10.0, 10) == []
        assert store.due(20.0, 1)[0].data == {"x": "sooner"}
        assert store.next_due() == 10.25

    def test_a_row_is_due_as_it_was_written_last(self, store: Store) -> None:
        store.write([Put(Row("p", "s", {}, due_at=1))])
        store.write([Put(Row("p", "s", {}, due_at=50))])
        assert store.due(10, 10) == []
        assert store.next_due() == 50
        store.write([Put(Row("p", "s", {}))])
        assert store.next_due() is None

    # Tallies

    def test_what_is_kept_takes_the_place_of_what_was_there(self, store: Store) -> None:
        store.write([Put(Row("p", "000", {"a": 1}))])
        store.keep([Row("p", f"{number:03}", {"b": number}) for number in range(60)])
        store.keep([Row("p", "001", {"b": "again"}), Row("p", "001", {"b": "twice"}), Row("q", "s", {})])
        store.keep([])
        assert [row.data["b"] for row in store.query("p")] == [0, "twice", *range(2, 60)]
        assert {row.version for row in store.query("p")} == {1}

    def test_a_tally_makes_the_row_and_adds_to_it(self, store: Store) -> None:
        store.tally("p", "s", {"count": 2}, {"last": "a"})
        store.tally("p", "s", {"count": 3, "more": 0.5}, {"last": "b"})
        row = store.get("p", "s")
        assert row is not None
        assert row.data == {"count": 5, "more": 0.5, "last": "b"}
        assert row.version == 2

    def test_a_tally_leaves_the_rest_of_the_row(self, store: Store) -> None:
        store.write([Put(Row("p", "s", {"kept": [1], "count": 1}, due_at=7, expires_at=4e9))])
        store.tally("p", "s", {"count": 1}, {})
        assert store.get("p", "s") == Row("p", "s", {"kept": [1], "count": 2}, 2, 7, 4e9)

    def test_no_tally_is_lost(self, store: Store) -> None:
        def add() -> None:
            for _ in range(25):
                store.tally("p", "s", {"count": 1}, {})

        _together(add, 4)
        row = store.get("p", "s")
        assert row is not None
        assert row.data == {"count": 100}

    def test_conditional_writers_lose_no_update(self, store: Store) -> None:
        put(store, "s", count=0)

        def add() -> None:
            done = 0
            while done < 10:
                row = store.get("p", "s")
                assert row is not None
                try:
                    store.write([Put(Row("p", "s", {"count": row.data["count"] + 1}), row.version)])
                except Conflict:
                    continue
                done += 1

        _together(add, 4)
        row = store.get("p", "s")
        assert row is not None
        assert row.data == {"count": 40}


def _together(work: Any, number: int) -> None:
    problems: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as x:
            problems.append(x)
            raise

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
