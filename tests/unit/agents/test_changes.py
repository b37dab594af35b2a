"""What has changed and waits to be reported: coalesced, in order, and never more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest

from argosy.agent.changes import Changes
from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import DOOR, EVENTS, MIRROR, Wanted


def wanted(purpose: str) -> Wanted:
    return Wanted("", "v1", "configmaps", purpose=purpose)


@dataclass
class Told:
    """Changes under a clock that stands still; `told` is what is ready, each as (uid, type, version)."""

    purpose: str = MIRROR
    room: int = 8_000_000
    now: float = 100.0
    changes: Changes = field(init=False)

    def __post_init__(self) -> None:
        self.changes = Changes(lambda: self.now, self.room)

    async def put(self, uid: str, version: int, kind: str = "MODIFIED", body: Any = None) -> None:
        scope = wanted(self.purpose)
        await self.changes.put(scope, Item(scope.key, kind, "ns", uid, uid, version), body or {"v": version})

    async def taken(self, most: int = 1_000_000) -> list[tuple[str, str, int]]:
        """What is ready now; all of it is sent."""
        found: list[tuple[str, str, int]] = []
        while True:
            try:
                async with asyncio.timeout(0):
                    taken = await self.changes.take(most)
            except TimeoutError:
                return found
            self.changes.done(taken)
            assert all(orjson.loads(one.text) == {"v": one.item.version} for one in taken if one.text)
            found += [(one.item.uid, one.item.type, one.item.version) for one in taken]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work()

    asyncio.run(bounded())


type Step = tuple[float, str, int, str]
"""Seconds since the start, uid, version, type."""


@pytest.mark.parametrize("purpose", [MIRROR, DOOR])
@pytest.mark.parametrize(
    ("steps", "at_once", "after_a_second"),
    [
        ([(0, "a", 1, "ADDED")], [1], []),
        ([(0, "a", 1, "ADDED"), (0, "a", 2, "MODIFIED"), (0.9, "a", 3, "MODIFIED")], [1], [3]),
        ([(0, "a", 1, "ADDED"), (1, "a", 2, "MODIFIED")], [1, 2], []),
        ([(0, "a", 1, "ADDED"), (0.5, "a", 2, "MODIFIED"), (0.6, "a", 3, "DELETED")], [1, 3], []),
        ([(0, "a", 1, "ADDED"), (0.1, "a", 2, "DELETED")], [1, 2], []),
        ([(0, "a", 1, "ADDED"), (0, "b", 2, "ADDED"), (0, "a", 3, "MODIFIED")], [1, 2], [3]),
    ],
)
def test_the_last_state_once_a_second(
    purpose: str, steps: list[Step], at_once: list[int], after_a_second: list[int]
) -> None:
    async def work() -> None:
        told = Told(purpose)
        for at, uid, version, kind in steps:
            told.now = 100.0 + at
            await told.put(uid, version, kind)
        assert [version for _, _, version in await told.taken()] == at_once
        told.now += 0.05
        assert await told.taken() == []
        told.now += 1
        assert [version for _, _, version in await told.taken()] == after_a_second
        assert told.changes.weight == 0

    run(work)


def test_a_change_every_moment_is_told_of_once_a_second() -> None:
    async def work() -> None:
        told = Told()
        found = []
        for tenth in range(50):
            told.now = 100 + tenth / 10 + 0.001
            await told.put("a", tenth)
            found += await told.taken()
        assert [version for _, _, version in found] == [0, 10, 20, 30, 40]

    run(work)


def test_every_change_of_what_becomes_events() -> None:
    async def work() -> None:
        told = Told(EVENTS)
        expected = [(uid, "MODIFIED", version) for version in range(5) for uid in ("a", "b")]
        for uid, _, version in expected:
            await told.put(uid, version)
        assert await told.taken() == expected

    run(work)


def test_up_to_so_many_bytes_but_one_at_least() -> None:
    async def work() -> None:
        told = Told(EVENTS)
        for version in range(5):
            await told.put("a", version, body={"v": "x" * 1000})
        sizes = []
        while told.changes.weight:
            taken = await told.changes.take(2500)
            sizes.append(len(taken))
            told.changes.done(taken)
        assert sizes == [2, 2, 1]
        await told.put("a", 9, body={"v": "x" * 5000})
        assert len(await told.changes.take(10)) == 1

    run(work)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_who_puts_waits_while_there_is_no_room() -> None:
    async def work() -> None:
        told = Told(EVENTS, room=1000)
        await told.put("a", 1, body={"v": "x" * 1000})
        waiting = asyncio.create_task(told.put("b", 2))
        await turns()
        assert not waiting.done()
        taken = await told.changes.take(10_000)
        await turns()
        assert not waiting.done(), "what is taken still weighs: it is not sent yet"
        told.changes.done(taken)
        await waiting
        assert await told.taken() == [("b", "MODIFIED", 2)]

    run(work)


def test_a_newer_state_of_what_is_held_needs_no_room() -> None:
    async def work() -> None:
        told = Told(room=500)
        await told.put("a", 1)
        await told.put("a", 2)
        assert told.changes.weight < 500
        await told.put("b", 3)
        assert told.changes.weight > 500
        await told.put("a", 4)
        assert [version for _, _, version in await told.taken()] == [1, 3]

    run(work)


def test_two_that_waited_for_room_with_the_same_object() -> None:
    """A watch, and whoever reports what the hub lacks: nothing is weighed twice, else room would get less for ever."""

    async def work() -> None:
        told = Told(room=300)
        await told.put("a", 1)
        full = asyncio.create_task(told.put("b", 2, body={"v": "x" * 500}))
        await full
        waiting = [asyncio.create_task(told.put("a", version)) for version in (3, 4)]
        await turns()
        assert not any(task.done() for task in waiting)
        taken = await told.changes.take(10_000)
        told.changes.done(taken)
        await asyncio.gather(*waiting)
        told.now += 2
        assert [version for _, _, version in await told.taken()] == [4]
        assert told.changes.weight == 0

    run(work)


def test_who_takes_waits_until_there_is_something() -> None:
    async def work() -> None:
        told = Told()
        taking = asyncio.create_task(told.changes.take(1000))
        await turns()
        assert not taking.done()
        await told.put("a", 1)
        assert [one.item.version for one in await taking] == [1]

    run(work)
