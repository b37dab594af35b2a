"""Store in memory."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row
from argosy.ports.storerules import check_changes

__all__ = ["FakeStore"]


class FakeStore:
    """A dict of rows behind a lock; rows are copied in and out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rows: dict[tuple[str, str], Row] = {}
        self._lock = threading.Lock()

    def get(self, pk: str, sk: str) -> Row | None:
        """See `Store.get`."""
        with self._lock:
            row = self._rows.get((pk, sk))
            return copy.deepcopy(row) if row and self._alive(row) else None

    def find(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """See `Store.find`."""
        found = ((key, self.get(*key)) for key in keys)
        return {key: row for key, row in found if row is not None}

    def query(
        self, pk: str, prefix: str = "", *, after: str = "", limit: int | None = None, newest_first: bool = False
    ) -> list[Row]:
        """See `Store.query`."""
        with self._lock:
            found = [r for (p, s), r in self._rows.items() if p == pk and s.startswith(prefix) and self._alive(r)]
        found.sort(key=lambda r: r.sk, reverse=newest_first)
        if after:
            found = [r for r in found if (r.sk < after if newest_first else r.sk > after)]
        return copy.deepcopy(found[:limit])

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        """See `Store.write`."""
        del durable
        keys = check_changes(changes)
        with self._lock:
            for key, change in zip(keys, changes, strict=True):
                stored = self._version(key)
                if change.expect is not None and change.expect != stored:
                    raise Conflict(f"row {key[0]}/{key[1]} has version {stored}, not {change.expect}")
            for key, change in zip(keys, changes, strict=True):
                if isinstance(change, Put):
                    self._rows[key] = replace(copy.deepcopy(change.row), version=self._version(key) + 1)
                else:
                    self._rows.pop(key, None)

    def tally(self, pk: str, sk: str, add: Mapping[str, float], put: Mapping[str, Any]) -> None:
        """See `Store.tally`."""
        with self._lock:
            row = self._rows.get((pk, sk), Row(pk, sk))
            data = {**row.data, **put}
            for name, amount in add.items():
                data[name] = data.get(name, 0) + amount
            self._rows[pk, sk] = replace(row, data=data, version=row.version + 1)

    def keep(self, rows: Sequence[Row]) -> None:
        """See `Store.keep`."""
        with self._lock:
            for row in rows:
                self._rows[row.pk, row.sk] = replace(copy.deepcopy(row), version=1)

    def due(self, until: float, limit: int) -> list[Row]:
        """See `Store.due`."""
        with self._lock:
            rows = [r for r in self._rows.values() if r.due_at is not None and r.due_at <= until and self._alive(r)]
        rows.sort(key=lambda r: (r.due_at or 0, r.pk, r.sk))
        return copy.deepcopy(rows[:limit])

    def next_due(self) -> float | None:
        """See `Store.next_due`."""
        with self._lock:
            return min((r.due_at for r in self._rows.values() if r.due_at is not None and self._alive(r)), default=None)

    def _version(self, key: tuple[str, str]) -> int:
        row = self._rows.get(key)
        return row.version if row and self._alive(row) else 0

    def _alive(self, row: Row) -> bool:
        return row.expires_at is None or row.expires_at > self._clock.now().timestamp()
