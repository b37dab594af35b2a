"""Keeping up with one scope: lists, watches, and what each kind of interruption leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from argosy.agent.changes import Changes
from argosy.agent.reflector import Counts, Reflector
from argosy.control.agents.reports import Seen
from argosy.control.agents.scopes import CONTROL, DOOR, EVENTS, MIRROR, Wanted
from argosy.errors import ArgosyError, Denied, Expired, NotFound, Unavailable
from argosy.ports.cluster import ServedKind
from argosy.ports.fakes.watcher import FakeWatcher
from argosy.ports.watching import Page, Scope

KIND = ServedKind("v1", "ConfigMap", "configmaps", namespaced=True)


def config_map(
    name: str, namespace: str = "ns", *, labels: dict[str, str] | None = None, **data: str
) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@dataclass
class Told:
    """A reflector on a fake watcher. Pauses end when `go` is called, and are noted."""

    purpose: str = EVENTS
    namespace: str = ""
    labels: str = ""
    served: bool = True
    watcher: FakeWatcher = field(default_factory=lambda: FakeWatcher(KIND))
    inventories: list[Seen] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changes = Changes(lambda: 100.0)
        self._go = asyncio.Semaphore(0)
        wanted = Wanted("", "v1", "configmaps", self.namespace, self.labels, self.purpose)
        self.reflector = Reflector(
            wanted, self.watcher, self.changes, "key", self._find, self._inventory, Counts(), self._pause
        )

    @property
    def state(self) -> str:
        return self.reflector.state

    @property
    def counts(self) -> Counts:
        return self.reflector.counts

    @property
    def listed(self) -> int:
        """How often a list was begun."""
        return sum(call == ("page", "") for call in self.watcher.calls)

    @property
    def watched_from(self) -> list[str]:
        return [since for method, since in self.watcher.calls if method == "watch"]

    async def go(self) -> None:
        """Let a pause end, and what follows happen."""
        self._go.release()
        await turns()

    async def taken(self) -> list[tuple[str, str, int]]:
        """(type, name, version) of what is to be reported."""
        found: list[tuple[str, str, int]] = []
        while self.changes.weight:
            taken = await self.changes.take(1_000_000)
            self.changes.done(taken)
            found += [(one.item.type, one.item.name, one.item.version) for one in taken]
        return found

    async def _find(self, wanted: Wanted) -> ServedKind | None:
        return KIND if self.served else None

    async def _inventory(self, seen: Seen) -> None:
        self.inventories.append(seen)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await self._go.acquire()


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def run(work: Callable[[Told], Awaitable[None]], told: Callable[[], Told] = Told) -> None:
    """Let a reflector run beside `work`."""

    async def beside() -> None:
        async with asyncio.timeout(20):
            made = told()
            running = asyncio.create_task(made.reflector.run())
            try:
                await work(made)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    asyncio.run(beside())


def test_a_list_is_an_inventory_and_then_changes_are_told_of() -> None:
    async def work(told: Told) -> None:
        told.watcher.put(config_map("a"))
        told.watcher.put(config_map("b", "other"))
        await turns()
        (seen,) = told.inventories
        assert (seen.version, dict(seen.objects)) == (2, {"uid-1": ("ns", "a", 1), "uid-2": ("other", "b", 2)})
        assert told.state == "watching"
        assert await told.taken() == [], "what is there is told by the inventory"
        told.watcher.put(config_map("a", x="1"))
        told.watcher.put(config_map("c"))
        told.watcher.remove("b", "other")
        await turns()
        assert await told.taken() == [("MODIFIED", "a", 3), ("ADDED", "c", 4), ("DELETED", "b", 5)]
        assert (told.counts.lists, told.counts.changes, told.listed) == (1, 3, 1)
        assert told.reflector.known.keys() == {"uid-1", "uid-4"}

    run(work)


def test_page_by_page() -> None:
    async def work(told: Told) -> None:
        await turns()
        assert len(told.inventories[0].objects) == 450
        assert [call for call in told.watcher.calls if call[0] == "page"] == [
            ("page", one) for one in ("", "200", "400")
        ]

    def many() -> Told:
        told = Told()
        for number in range(450):
            told.watcher.put(config_map(f"map-{number}"))
        return told

    run(work, many)


@pytest.mark.parametrize(
    ("namespace", "labels", "expected"),
    [("", "", {"a", "b", "c"}), ("ns", "", {"a", "b"}), ("", "x=y", {"b", "c"}), ("ns", "x=y", {"b"})],
)
def test_the_scope_is_what_is_seen(namespace: str, labels: str, expected: set[str]) -> None:
    async def work(told: Told) -> None:
        await turns()
        for name, where, marks in (("a", "ns", None), ("b", "ns", {"x": "y"}), ("c", "other", {"x": "y"})):
            told.watcher.put(config_map(name, where, labels=marks))
        await turns()
        assert {name for _, name, _ in await told.taken()} == expected

    run(work, lambda: Told(namespace=namespace, labels=labels))


def test_a_watch_that_ends_is_gone_on_with_from_the_last_bookmark() -> None:
    async def work(told: Told) -> None:
        told.watcher.put(config_map("a"))
        await turns()
        point = told.watcher.bookmark()
        await turns()
        told.watcher.end()
        await turns()
        assert (told.watched_from, told.listed, told.pauses) == (["1", point], 1, [])
        assert (told.counts.changes, await told.taken()) == (0, [])

    run(work)


def test_after_a_break_nothing_is_missed_and_nothing_listed() -> None:
    async def work(told: Told) -> None:
        told.watcher.put(config_map("a"))
        await turns()
        told.watcher.put(config_map("b"))
        await turns()
        told.watcher.problems = [Unavailable("no answer")]
        told.watcher.fail(Unavailable("broken"))
        told.watcher.put(config_map("c"))
        for _ in range(2):
            await turns()
            await told.go()
        assert [one[1] for one in await told.taken()] == ["b", "c"]
        assert (told.listed, told.counts.broken, told.state) == (1, 2, "watching")

    run(work)


def test_pauses_get_longer_and_short_again() -> None:
    async def work(told: Told) -> None:
        await turns()
        for _ in range(9):
            await told.go()
        assert told.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0]
        await told.go()
        await told.go()
        told.watcher.end()
        await turns()
        told.watcher.fail(Unavailable("broken"))
        await turns()
        assert told.pauses[-1] == 0.2

    def down() -> Told:
        told = Told()
        told.watcher.problems = [Unavailable("down") for _ in range(11)]
        return told

    run(work, down)


def test_a_watch_that_is_told_so_in_its_middle_is_listed_anew_at_once() -> None:
    async def work(told: Told) -> None:
        await turns()
        told.watcher.fail(Expired("410"))
        await turns()
        assert (told.listed, told.counts.expired, told.pauses, told.state) == (2, 1, [], "watching")

    run(work)


def test_what_expires_again_before_anything_came_is_tried_more_and_more_seldom() -> None:
    async def work(told: Told) -> None:
        await turns()
        for _ in range(3):
            told.watcher.fail(Expired("410"))
            await turns()
            await told.go()
        assert (told.listed, told.pauses) == (4, [0.2, 0.4])
        told.watcher.put(config_map("a"))
        await turns()
        told.watcher.fail(Expired("410"))
        await turns()
        assert (told.listed, len(told.pauses)) == (5, 2)

    run(work)


def test_a_watch_that_ends_as_soon_as_it_begins_is_not_begun_again_at_once() -> None:
    async def work(told: Told) -> None:
        await turns()
        told.watcher.end()
        await turns()
        assert (told.watched_from, told.pauses) == (["0"], [0.2])
        await told.go()
        assert (told.watched_from, told.listed) == (["0", "0"], 1)

    run(work)


def test_a_server_that_says_when_to_come_back_is_heard() -> None:
    async def work(told: Told) -> None:
        await turns()
        told.watcher.fail(Unavailable("too many requests", delay=7.0))
        await turns()
        assert told.pauses == [7.0]

    run(work)


def test_an_expired_version_counts_and_makes_an_inventory() -> None:
    async def work(told: Told) -> None:
        told.watcher.put(config_map("gone"))
        told.watcher.put(config_map("stays"))
        await turns()
        told.watcher.fail(Unavailable("away for long"))
        await turns()
        told.watcher.remove("gone", "ns")
        told.watcher.put(config_map("new"))
        told.watcher.kept = 4
        await told.go()
        assert (told.listed, told.counts.lists, told.counts.expired) == (2, 2, 1)
        assert [place[1] for place in told.inventories[-1].objects.values()] == ["new", "stays"]
        assert told.reflector.known.keys() == {"uid-2", "uid-4"}, "what is not in the list is forgotten"
        assert await told.taken() == [], "the hub finds out from the inventory"

    run(work)


class BreakingOnce(FakeWatcher):
    """The first second page does not come."""

    async def page(self, scope: Scope, *, limit: int, token: str = "") -> Page:
        if token and all(not point for _, point in self.calls):
            self.problems.append(Unavailable("broken off"))
        return await super().page(scope, limit=limit, token=token)


def test_a_list_that_breaks_off_tells_nothing() -> None:
    async def work(told: Told) -> None:
        await turns()
        assert (told.inventories, told.state) == ([], "starting")
        await told.go()
        assert [len(seen.objects) for seen in told.inventories] == [250]

    def breaking() -> Told:
        told = Told(watcher=BreakingOnce(KIND))
        for number in range(250):
            told.watcher.put(config_map(f"map-{number}"))
        return told

    run(work, breaking)


@pytest.mark.parametrize(
    ("problem", "served", "said"),
    [
        (Denied("configmaps is forbidden"), True, "refused: configmaps is forbidden"),
        (NotFound("the server has no such resource"), True, "waiting: the server has no such resource"),
        (None, False, "waiting: the cluster serves no configmaps of v1"),
    ],
)
def test_what_cannot_be_watched_says_so_and_is_tried_again_later(
    problem: ArgosyError | None, served: bool, said: str
) -> None:
    async def work(told: Told) -> None:
        await turns()
        assert (told.state, told.counts.refused, told.pauses) == (said, 1, [1.0])
        told.served = True
        await told.go()
        assert (told.state, told.counts.refused) == ("watching", 1)

    def refused() -> Told:
        told = Told(served=served)
        told.watcher.problems = [problem] if problem is not None else []
        return told

    run(work, refused)


def test_it_is_tried_again_soon_and_then_more_seldom() -> None:
    """A definition that is applied together with what needs it, and one that never comes."""

    async def work(told: Told) -> None:
        await turns()
        for _ in range(8):
            await told.go()
        assert told.pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]

    run(work, lambda: Told(served=False))


def test_a_right_that_is_taken_away_means_a_new_list_when_it_comes_back() -> None:
    async def work(told: Told) -> None:
        await turns()
        told.watcher.fail(Denied("no longer"))
        await turns()
        assert told.state == "refused: no longer"
        await told.go()
        assert (told.state, told.listed) == ("watching", 2)

    run(work)


@pytest.mark.parametrize(
    ("purpose", "told_of"), [(MIRROR, ["b"]), *((one, ["a", "b"]) for one in (EVENTS, DOOR, CONTROL))]
)
def test_a_change_of_nothing_but_the_version(purpose: str, told_of: list[str]) -> None:
    async def work(told: Told) -> None:
        told.watcher.put(config_map("a"))
        await turns()
        told.watcher.put(config_map("a"))
        told.watcher.put(config_map("b"))
        await turns()
        assert [name for _, name, _ in await told.taken()] == told_of

    run(work, lambda: Told(purpose))
