"""Keeps up with one scope: lists, watches from there, goes on after interruptions, lists again when it must.

As client-go's Reflector (tools/cache/reflector.go, v0.34): bookmarks move the point to go on from; a watch that ended is
gone on with; 410 lists anew. A list is told to the hub as an inventory (uid and resourceVersion of each object), which the
hub compares with what it has: after a restart, and after whatever was missed, only what differs travels. Only a complete
list can tell that something is gone; a list that failed tells nothing. As there, too, nothing is tried again without a pause
that has not worked twice: a version that expires at once, a watch that a proxy ends as soon as it begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from argosy.agent.changes import Changes
from argosy.control.agents.normal import digest, pruned, version_of
from argosy.control.agents.reports import Item, Seen
from argosy.control.agents.scopes import Wanted
from argosy.errors import ArgosyError, Denied, Expired, NotFound, Unavailable, Unsupported
from argosy.ports.cluster import ServedKind
from argosy.ports.watching import Change, Scope, Watcher

__all__ = ["Counts", "Reflector"]

_PAGE: Final = 200
_WATCH_SECONDS: Final = 300
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 30.0
# Rights and definitions often come in the same breath as what needs them.
_FIRST_REFUSED_PAUSE: Final = 1.0
_LONGEST_REFUSED_PAUSE: Final = 60.0
_SHORT_SECONDS: Final = 1.0
_log = logging.getLogger("argosy.agent")


async def _somewhat_later(seconds: float) -> None:
    """All scopes of an agent lose their API server at once; they come back one after the other."""
    await asyncio.sleep(seconds * (1 + random.random()))  # noqa: S311 - no secret


@dataclass(slots=True)
class Counts:
    """What an agent tells of its watches in each heartbeat."""

    lists: int = 0
    expired: int = 0
    broken: int = 0
    refused: int = 0
    changes: int = 0


@dataclass(slots=True)
class Reflector:
    """One scope. `find` tells its kind, None when the cluster does not serve it; `inventory` tells the hub of a list.

    `pause` waits for so many seconds or some more. `since` is the resourceVersion to go on from, "" when a list is needed.
    """

    wanted: Wanted
    watcher: Watcher
    changes: Changes
    secret_key: str
    find: Callable[[Wanted], Awaitable[ServedKind | None]]
    inventory: Callable[[Seen], Awaitable[None]]
    counts: Counts
    pause: Callable[[float], Awaitable[None]] = _somewhat_later
    state: str = "starting"
    since: str = ""
    known: dict[str, bytes] = field(default_factory=dict)
    _news: bool = True
    """Whether anything came since the version last expired."""

    async def run(self) -> None:
        """Keep up until cancelled."""
        pause, refused = _FIRST_PAUSE, _FIRST_REFUSED_PAUSE
        while True:
            try:
                scope = await self._scope()
                if not self.since:
                    self.since = await self._list(scope)
                self.state = "watching"
                refused = _FIRST_REFUSED_PAUSE
                if not await self._watch(scope):
                    await self.pause(_FIRST_PAUSE)
                pause = _FIRST_PAUSE
            except Expired:
                self.counts.expired += 1
                self.since = ""
                if not self._news:
                    await self.pause(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                self._news = False
            except (Denied, NotFound, Unsupported) as x:
                # What is not served may be any moment; that it may not be watched is somebody's decision.
                state = f"{'waiting' if isinstance(x, NotFound) else 'refused'}: {x}"
                if self.state != state:
                    _log.warning("%s cannot be watched: %s", self.wanted.resource, x)
                self.state, self.since = state, ""
                self.counts.refused += 1
                await self.pause(refused)
                refused = min(2 * refused, _LONGEST_REFUSED_PAUSE)
            except ArgosyError as x:
                _log.info("the watch of %s was interrupted: %s", self.wanted.resource, x)
                self.counts.broken += 1
                await self.pause(max(pause, x.delay if isinstance(x, Unavailable) else 0.0))
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Exception as x:  # noqa: BLE001 - a scope that ends would be blind without a word
                _log.error("the watch of %s failed: %r; it is listed anew", self.wanted.resource, x)
                self.counts.broken += 1
                self.since = ""
                await self.pause(_LONGEST_PAUSE)

    async def _scope(self) -> Scope:
        kind = await self.find(self.wanted)
        if kind is None:
            raise NotFound(f"the cluster serves no {self.wanted.resource} of {self.wanted.api_version}")
        return Scope(kind, self.wanted.namespace, self.wanted.labels)

    async def _list(self, scope: Scope) -> str:
        """The whole list, page by page; what was known and is not in it is forgotten, and the hub is told."""
        self.counts.lists += 1
        objects: dict[str, tuple[str, str, int]] = {}
        token, version = "", ""
        while True:
            page = await self.watcher.page(scope, limit=_PAGE, token=token)
            for obj in page.items:
                metadata = obj["metadata"]
                uid = metadata["uid"]
                self.known[uid] = digest(obj)
                objects[uid] = (metadata.get("namespace", ""), metadata["name"], version_of(obj))
            token, version = page.token, page.version
            if not token:
                break
        for uid in self.known.keys() - objects.keys():
            del self.known[uid]
        await self.inventory(Seen(self.wanted.key, int(version), objects))
        return version

    async def _watch(self, scope: Scope) -> bool:
        """What was taken is not asked for again, however the watch ends. Whether it went on for a while or brought news."""
        clock = asyncio.get_running_loop().time
        began, news = clock(), False
        async with contextlib.aclosing(self.watcher.watch(scope, self.since, _WATCH_SECONDS)) as watching:
            async for change in watching:
                if change.type != "BOOKMARK":
                    await self._take(change)
                self.since = change.version
                self._news = news = True
        return news or clock() - began >= _SHORT_SECONDS

    async def _take(self, change: Change) -> None:
        obj = change.object
        uid = obj["metadata"]["uid"]
        if change.type == "DELETED":
            self.known.pop(uid, None)
        else:
            seen = digest(obj)
            if self.known.get(uid) == seen and not self.wanted.exact:
                return
            self.known[uid] = seen
        self.counts.changes += 1
        body = pruned(obj, self.secret_key, whole=not self.wanted.coalesced)
        await self.changes.put(self.wanted, Item.of(self.wanted.key, change.type, body), body)
