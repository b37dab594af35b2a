"""What every Watcher must do: pages, what follows a version, ends, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from argosy.errors import NotFound
from argosy.ports.cluster import ServedKind
from argosy.ports.watching import Change, Scope, Watcher

__all__ = ["MAPS", "Eyes", "WatcherContract", "first"]

MAPS = ServedKind("v1", "ConfigMap", "configmaps", namespaced=True)


class Eyes:
    """A watcher, and the ways to change what it sees; made on the loop that it is used on."""

    watcher: Watcher
    namespace: str

    async def put(self, name: str, *, labels: dict[str, str] | None = None, **data: str) -> None:
        """Make a ConfigMap, or another state of it."""
        raise NotImplementedError

    async def remove(self, name: str) -> None:
        """Delete one."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go."""


class WatcherContract:
    """The suite; a subclass gives `eyes`."""

    async def eyes(self) -> Eyes:
        """In a namespace of its own that holds nothing of the test's."""
        raise NotImplementedError

    def run(self, work: Callable[[Eyes], Awaitable[None]]) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                eyes = await self.eyes()
                try:
                    await work(eyes)
                finally:
                    await eyes.close()

        asyncio.run(bounded())

    def test_pages_of_one_list(self) -> None:
        async def work(eyes: Eyes) -> None:
            for number in range(5):
                await eyes.put(f"map-{number}")
            scope = Scope(MAPS, eyes.namespace, labels="own=yes")
            pages = [await eyes.watcher.page(scope, limit=2)]
            while pages[-1].token:
                pages.append(await eyes.watcher.page(scope, limit=2, token=pages[-1].token))
            assert [[one["metadata"]["name"] for one in page.items] for page in pages] == [
                ["map-0", "map-1"],
                ["map-2", "map-3"],
                ["map-4"],
            ]
            assert len({page.version for page in pages}) == 1
            assert all((one["apiVersion"], one["kind"]) == ("v1", "ConfigMap") for page in pages for one in page.items)

        self.run(work)

    def test_what_the_selectors_take(self) -> None:
        async def work(eyes: Eyes) -> None:
            await eyes.put("a", labels={"x": "y"})
            await eyes.put("b")
            by_label = await eyes.watcher.page(Scope(MAPS, eyes.namespace, labels="own=yes,x=y"), limit=10)
            by_name = await eyes.watcher.page(Scope(MAPS, eyes.namespace, fields="metadata.name=b"), limit=10)
            assert [one["metadata"]["name"] for one in by_label.items] == ["a"]
            assert [one["metadata"]["name"] for one in by_name.items] == ["b"]

        self.run(work)

    def test_changes_after_a_version_and_no_others(self) -> None:
        async def work(eyes: Eyes) -> None:
            await eyes.put("before")
            scope = Scope(MAPS, eyes.namespace, labels="own=yes")
            version = (await eyes.watcher.page(scope, limit=10)).version
            await eyes.put("a")
            await eyes.put("a", x="1")
            await eyes.remove("a")
            await eyes.put("b")
            changes = await first(eyes.watcher, scope, version, 4)
            assert told(changes) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]
            numbers = [int(change.version) for change in changes]
            assert numbers == sorted(set(numbers))
            assert told(await first(eyes.watcher, scope, changes[1].version, 2)) == [("DELETED", "a"), ("ADDED", "b")]

        self.run(work)

    def test_metadata_of_one_object_and_nothing_else(self) -> None:
        async def work(eyes: Eyes) -> None:
            await eyes.put("a", text="canary")
            scope = Scope(MAPS, eyes.namespace, fields="metadata.name=a", metadata=True)
            page = await eyes.watcher.page(scope, limit=10)
            await eyes.put("b", text="canary")
            await eyes.put("a", text="canary", x="1")
            changes = await first(eyes.watcher, scope, page.version, 1)
            assert told(changes) == [("MODIFIED", "a")]
            assert [one["metadata"]["name"] for one in page.items] == ["a"]
            assert "canary" not in str([page, changes])

        self.run(work)

    def test_a_kind_that_is_not_served(self) -> None:
        async def work(eyes: Eyes) -> None:
            scope = Scope(ServedKind("example.com/v1", "Nothing", "nothings", namespaced=True), eyes.namespace)
            with pytest.raises(NotFound):
                await eyes.watcher.page(scope, limit=1)
            with pytest.raises(NotFound):
                await first(eyes.watcher, scope, "1", 1)

        self.run(work)


async def first(watcher: Watcher, scope: Scope, since: str, count: int) -> list[Change]:
    """The first changes but bookmarks."""
    found: list[Change] = []
    async for change in watcher.watch(scope, since, 60):
        if change.type != "BOOKMARK":
            found.append(change)
        if len(found) == count:
            break
    return found


def told(changes: Sequence[Change]) -> list[tuple[str, Any]]:
    return [(change.type, change.object["metadata"]["name"]) for change in changes]
