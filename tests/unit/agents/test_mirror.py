"""The hub's copies: what is news, what was known, and what is forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import DOOR, MIRROR, Wanted
from argosy.errors import Conflict
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.store import FakeStore
from argosy.services.agents.mirror import Copy, Mirror

SCOPE = Wanted("", "v1", "configmaps")
OTHER = Wanted("argoproj.io", "v1alpha1", "sensors", purpose=DOOR)


class Kept:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store, self.blobs = FakeStore(self.clock), FakeBlobs(self.clock)
        self.mirror = self.of("edge")

    def of(self, cluster: str) -> Mirror:
        return Mirror(self.store, self.blobs, cluster)

    def put(self, item: Item) -> Copy:
        before = self.mirror.find(item.scope, item.namespace, item.name)
        self.store.write([self.mirror.put(item, before, self.clock.now().timestamp())])
        found = self.mirror.find(item.scope, item.namespace, item.name)
        assert found is not None
        return found


def change(kind: str, uid: str, version: int, name: str = "a", body: dict[str, Any] | None = None) -> Item:
    obj = None if kind == "DELETED" else body or {"metadata": {"name": name}, "v": version}
    return Item(SCOPE.key, kind, "ns", name, uid, version, obj)


@pytest.mark.parametrize(
    ("seen", "item", "known"),
    [
        ([("ADDED", "u", 5)], ("ADDED", "u", 5), True),
        ([("ADDED", "u", 5)], ("MODIFIED", "u", 5), True),
        ([("ADDED", "u", 5)], ("MODIFIED", "u", 4), True),
        ([("ADDED", "u", 5)], ("MODIFIED", "u", 6), False),
        ([("ADDED", "u", 5)], ("DELETED", "u", 6), False),
        ([("ADDED", "u", 5)], ("DELETED", "u", 4), False),
        ([("ADDED", "u", 5), ("DELETED", "u", 6)], ("DELETED", "u", 6), True),
        ([("ADDED", "u", 5), ("DELETED", "u", 6)], ("DELETED", "u", 9), True),
        ([("ADDED", "u", 5), ("DELETED", "u", 6)], ("MODIFIED", "u", 5), True),
        ([("ADDED", "u", 5), ("DELETED", "u", 6)], ("ADDED", "w", 7), False),
        ([("ADDED", "u", 5)], ("ADDED", "w", 7), False),
        ([("ADDED", "w", 7)], ("ADDED", "u", 5), True),
        ([("ADDED", "w", 7)], ("MODIFIED", "u", 6), True),
        ([("ADDED", "w", 7)], ("DELETED", "u", 6), False),
    ],
)
def test_what_is_no_news(seen: Sequence[tuple[str, str, int]], item: tuple[str, str, int], known: bool) -> None:
    kept = Kept()
    for one in seen:
        copy = kept.put(change(*one))
    assert copy.knows(change(*item)) is known


def test_what_is_kept_is_found() -> None:
    kept = Kept()
    kept.put(change("ADDED", "u", 5))
    kept.put(change("ADDED", "v", 6, "b"))
    kept.put(change("DELETED", "v", 7, "b"))
    assert [(place, copy.uid, copy.object) for place, copy in kept.mirror.all(SCOPE.key)] == [
        ("ns/a", "u", {"metadata": {"name": "a"}, "v": 5})
    ]
    assert list(kept.mirror.all(SCOPE.key, "n")) == []
    gone = kept.mirror.find(SCOPE.key, "ns", "b")
    assert gone is not None
    assert (gone.object, gone.lost) == (None, False)
    assert kept.mirror.find(SCOPE.key, "ns", "c") is None
    assert kept.of("other").find(SCOPE.key, "ns", "a") is None
    kept.clock.advance(86_401)
    assert kept.mirror.find(SCOPE.key, "ns", "b") is None, "what is gone is remembered for a day"
    assert kept.mirror.find(SCOPE.key, "ns", "a") is not None


def test_a_large_object_lies_in_a_blob_and_is_asked_for_again_when_that_was_swept() -> None:
    kept = Kept()
    large = {"metadata": {"name": "a"}, "text": "x" * 150_000}
    copy = kept.put(change("ADDED", "u", 5, body=large))
    assert (copy.object, copy.lost) == (large, False)
    assert all(len(str(row.data)) < 1000 for row in kept.store.query(f"mirror/edge/{SCOPE.key}"))
    kept.clock.advance(100)
    kept.blobs.sweep(kept.clock.now())
    ((place, lost),) = kept.mirror.all(SCOPE.key)
    assert (place, lost.object, lost.lost) == ("ns/a", None, True)
    assert not lost.knows(change("MODIFIED", "u", 5)), "it is told again"
    assert lost.knows(change("MODIFIED", "u", 4))
    assert not lost.knows(change("DELETED", "u", 6))
    assert kept.put(change("MODIFIED", "u", 5, body=large)).object == large


def test_somebody_elses_write_in_between() -> None:
    kept = Kept()
    kept.put(change("ADDED", "u", 5))
    before = kept.mirror.find(SCOPE.key, "ns", "a")
    kept.put(change("MODIFIED", "u", 6))
    with pytest.raises(Conflict):
        kept.store.write([kept.mirror.put(change("MODIFIED", "u", 7), before, 0.0)])


def test_what_wakes_a_controller() -> None:
    kept = Kept()
    one = kept.put(change("ADDED", "u", 5, body={"metadata": {"name": "a"}, "spec": {"a": 1}, "status": {}}))
    same = kept.put(change("MODIFIED", "u", 6, body={"metadata": {"name": "a"}, "spec": {"a": 1}, "status": {"b": 1}}))
    other = kept.put(change("MODIFIED", "u", 7, body={"metadata": {"name": "a"}, "spec": {"a": 2}, "status": {}}))
    assert one.wake == same.wake != other.wake


def test_scopes_that_nobody_watches_any_more_are_forgotten() -> None:
    kept = Kept()
    kept.mirror.watch([SCOPE, OTHER])
    kept.put(change("ADDED", "u", 5))
    kept.mirror.listed(SCOPE, 9)
    kept.mirror.watch([SCOPE, OTHER])
    assert kept.mirror.scopes() == {SCOPE.key: (SCOPE, "9"), OTHER.key: (OTHER, "")}
    kept.mirror.watch([OTHER])
    assert kept.mirror.scopes() == {OTHER.key: (OTHER, "")}
    assert kept.mirror.find(SCOPE.key, "ns", "a") is None
    kept.mirror.watch([SCOPE])
    assert kept.mirror.scopes() == {SCOPE.key: (SCOPE, "")}, "it is to be listed anew"


def test_purposes_are_scopes_of_their_own() -> None:
    assert Wanted("", "v1", "configmaps", purpose=DOOR).key != Wanted("", "v1", "configmaps", purpose=MIRROR).key
