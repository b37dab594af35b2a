"""Who has asked that an Application be compared more thoroughly than a change of live objects asks for.

A row for each (pk `asked`, sk its key) with the level; written before the wake, and anew by whoever asks again, since what
is being compared may be older. It is served once the Application's own status says so: `told` is what that will say, and a
status that could not be written leaves the row. Called by Git webhooks and by the checks of repositories.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any, Final

from argosy.control.keys import Key
from argosy.errors import Conflict
from argosy.gitops.refresh.needs import LATEST
from argosy.ports.store import ABSENT, MAX_WRITES, Delete, Put, Row, Store

__all__ = ["Asked"]

_PK: Final = "asked"
_TRIES: Final = 5


class Asked:
    """The rows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, key: Key, level: int) -> None:
        """Ask; the more thorough level counts. Raises Conflict when everybody asks at once."""
        for left in reversed(range(_TRIES)):
            try:
                self._store.write([_asking(str(key), level, self._store.get(_PK, str(key)))])
            except Conflict:
                if not left:
                    raise
            else:
                return

    def put_all(self, keys: Sequence[Key], level: int) -> None:
        """Ask for several, with fewer writes than one after the other. Raises as `put`."""
        known = {row.sk: row for row in self._store.query(_PK)} if len(keys) > 1 else {}
        for some in batched(keys, MAX_WRITES, strict=False):
            try:
                self._store.write([_asking(str(key), level, known.get(str(key))) for key in some])
            except Conflict:
                for key in some:
                    self.put(key, level)

    def level(self, key: Key, status: Mapping[str, Any]) -> tuple[int, int]:
        """The level that is asked for, 0 = none, and the row's version; `status`: that of the Application as it stands.

        What was compared, but is not in the status yet, has been asked of the repository already.
        """
        row = self._store.get(_PK, str(key))
        if row is None:
            return 0, ABSENT
        level, told = int(row.data["level"]), row.data.get("told")
        if told is None:
            return level, row.version
        if told != _says(status):
            return min(level, LATEST), row.version
        self.done(key, row.version)
        return 0, ABSENT

    def told(self, key: Key, version: int, status: Mapping[str, Any]) -> None:
        """It has been compared, and this status is about to be written; what was asked since stays."""
        row = self._store.get(_PK, str(key))
        if row is not None and row.version == version:
            with contextlib.suppress(Conflict):
                told = Row(_PK, row.sk, {**row.data, "told": _says(status)})
                self._store.write([Put(told, expect=version)], durable=False)

    def done(self, key: Key, version: int) -> None:
        """It has been compared, and the status says so; what was asked since stays."""
        if version:
            with contextlib.suppress(Conflict):
                self._store.write([Delete(_PK, str(key), expect=version)], durable=False)

    def forget(self, key: Key) -> None:
        """The Application is gone."""
        self._store.write([Delete(_PK, str(key))])


def _asking(key: str, level: int, before: Row | None) -> Put:
    known, version = (int(before.data["level"]), before.version) if before is not None else (0, ABSENT)
    return Put(Row(_PK, key, {"level": max(level, known)}), expect=version)


def _says(status: Mapping[str, Any]) -> str:
    """When a status was compared last, and what it found. The times of two comparisons may be the same second."""
    sync = status.get("sync") or {}
    return f"{status.get('reconciledAt', '')} {sync.get('revision', '')} {sync.get('revisions') or ''}"
