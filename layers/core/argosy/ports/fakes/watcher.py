"""A cluster that can be watched, in memory: what is there, what has happened, and what goes wrong when it is told to."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncGenerator
from typing import Any

from argosy.errors import ArgosyError, Expired
from argosy.ports.cluster import ServedKind, unknown_kind
from argosy.ports.fakes.clusterrules import selector
from argosy.ports.watching import Change, Page, Scope

__all__ = ["FakeWatcher"]


class FakeWatcher:
    """See `Watcher`; the objects are of one `kind`.

    `problems` are raised first, one for each call; `calls` are those that came: (method, token or since). A watch goes on
    until `end` or `fail`. Versions up to `kept` are no longer kept.
    """

    def __init__(self, kind: ServedKind) -> None:
        self._kind = kind
        self.problems: list[ArgosyError] = []
        self.calls: list[tuple[str, str]] = []
        self.kept = 0
        self._versions = itertools.count(1)
        self._version = 0
        self._objects: dict[tuple[str, str], dict[str, Any]] = {}
        self._changes: list[tuple[int, Change]] = []
        self._endings: list[ArgosyError | None] = []
        self._moved = asyncio.Event()

    def put(self, obj: dict[str, Any]) -> dict[str, Any]:
        """Make an object, or another state of it; as it is stored."""
        metadata = obj["metadata"]
        place = (metadata.get("namespace", ""), metadata["name"])
        before = self._objects.get(place)
        version = self._next()
        uid = before["metadata"]["uid"] if before is not None else f"uid-{version}"
        stored = {**obj, "metadata": {"uid": uid, **metadata, "resourceVersion": str(version)}}
        self._objects[place] = stored
        self._told("MODIFIED" if before is not None else "ADDED", stored)
        return copy.deepcopy(stored)

    def remove(self, name: str, namespace: str = "") -> None:
        """Delete an object."""
        gone = self._objects.pop((namespace, name))
        self._told("DELETED", {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self._next())}})

    def bookmark(self) -> str:
        """Tell watches how far they are; the version."""
        version = str(self._next())
        self._told("BOOKMARK", {"metadata": {"resourceVersion": version}})
        return version

    def end(self) -> None:
        """End the watch that goes on, as servers do after some minutes."""
        self._ended(None)

    def fail(self, problem: ArgosyError) -> None:
        """Break the watch that goes on."""
        self._ended(problem)

    async def page(self, scope: Scope, *, limit: int, token: str = "") -> Page:
        """See `Watcher.page`."""
        self._called("page", token, scope)
        takes, also = selector(scope.labels), selector(scope.fields)
        found = [
            _shown(obj, scope)
            for (namespace, name), obj in sorted(self._objects.items())
            if scope.namespace in ("", namespace)
            and takes(obj["metadata"].get("labels") or {})
            and also({"metadata.name": name, "metadata.namespace": namespace})
        ]
        start = int(token or 0)
        rest = str(start + limit) if len(found) > start + limit else ""
        return Page(found[start : start + limit], str(self._version), rest)

    async def watch(self, scope: Scope, since: str, seconds: int) -> AsyncGenerator[Change]:
        """See `Watcher.watch`."""
        self._called("watch", since, scope)
        if int(since) < self.kept:
            raise Expired(f"too old resource version: {since}")
        takes, also, at = selector(scope.labels), selector(scope.fields), int(since)
        while True:
            for version, change in [one for one in self._changes if one[0] > at]:
                at = version
                metadata = change.object["metadata"]
                place = {"metadata.name": metadata.get("name", ""), "metadata.namespace": metadata.get("namespace", "")}
                inside = scope.namespace in ("", metadata.get("namespace", "")) and also(place)
                if change.type == "BOOKMARK" or (inside and takes(metadata.get("labels") or {})):
                    yield Change(change.type, _shown(change.object, scope))
            if self._endings:
                problem = self._endings.pop()
                if problem is not None:
                    raise problem
                return
            self._moved.clear()
            await self._moved.wait()

    def _called(self, method: str, point: str, scope: Scope) -> None:
        self.calls.append((method, point))
        if self.problems:
            raise self.problems.pop(0)
        if scope.kind != self._kind:
            raise unknown_kind(scope.kind.api_version, scope.kind.kind)

    def _next(self) -> int:
        self._version = next(self._versions)
        return self._version

    def _told(self, kind: str, obj: dict[str, Any]) -> None:
        self._changes.append((self._version, Change(kind, obj)))
        self._moved.set()

    def _ended(self, problem: ArgosyError | None) -> None:
        self._endings.append(problem)
        self._moved.set()


def _shown(obj: dict[str, Any], scope: Scope) -> dict[str, Any]:
    shown = {
        name: value for name, value in obj.items() if not scope.metadata or name in ("apiVersion", "kind", "metadata")
    }
    return copy.deepcopy(shown)
