"""Store port on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import batched
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import orjson

from argosy.adapters.sqlite.database import Database
from argosy.adapters.sqlite.remembered import Remembered, Rows
from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row
from argosy.ports.storerules import check_changes

__all__ = ["SqliteStore"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
  pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, data TEXT NOT NULL, due_at REAL, expires_at REAL,
  PRIMARY KEY (pk, sk)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due ON rows (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS expiry ON rows (expires_at) WHERE expires_at IS NOT NULL;
"""
_SELECT = "SELECT pk, sk, version, data, due_at, expires_at FROM rows"
_ALIVE = "(expires_at IS NULL OR expires_at > ?)"
_FIND = f"""{_SELECT.replace("FROM rows", "FROM json_each(?) CROSS JOIN rows")}
  WHERE pk=value->>0 AND sk=value->>1 AND {_ALIVE}"""
_LAST = "\U0010ffff"
_FEW = 32


class SqliteStore:
    """One table in one file; expired rows are invisible at once and removed by `sweep`."""

    def __init__(self, path: Path, clock: Clock, *, background_checkpoints: bool = False) -> None:
        self._clock = clock
        self._db = Database(path, _SCHEMA, background_checkpoints=background_checkpoints)
        self._remembered = Remembered(self._db.commits, self._now, _size, _expiry)

    def get(self, pk: str, sk: str) -> Row | None:
        """See `Store.get`."""
        rows = self._remembered.answer(
            pk, sk, lambda: self._db.read(f"{_SELECT} WHERE pk=? AND sk=? AND {_ALIVE}", (pk, sk, self._now()))
        )
        return _row(rows[0]) if rows else None

    def find(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """See `Store.find`."""
        rows = self._remembered.answers(keys, self._find)
        return {key: _row(rows[key][0]) for key in keys if rows[key]}

    def _find(self, keys: Collection[tuple[str, Hashable]]) -> Mapping[tuple[str, Hashable], Rows]:
        asked = orjson.dumps(list(keys)).decode()
        return {(found[0], found[1]): [found] for found in self._db.read(_FIND, (asked, self._now()))}

    def query(
        self, pk: str, prefix: str = "", *, after: str = "", limit: int | None = None, newest_first: bool = False
    ) -> list[Row]:
        """See `Store.query`."""
        order, low, high = ("DESC", ">=", "<") if newest_first else ("ASC", ">=" if after < prefix else ">", "<")
        first, last = prefix, prefix + _LAST
        if after and newest_first:
            last = min(last, after)
        elif after:
            first = max(first, after)
        sql = f"{_SELECT} WHERE pk=? AND sk{low}? AND sk{high}? AND {_ALIVE} ORDER BY sk {order} LIMIT ?"
        top = -1 if limit is None else limit
        rows = self._remembered.answer(
            pk, (sql, first, last, top), lambda: self._db.read(sql, (pk, first, last, self._now(), top))
        )
        return [_row(found) for found in rows]

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        """See `Store.write`."""
        keys = check_changes(changes)
        with self._remembered.changing(pk for pk, _ in keys), self._db.write(durable=durable) as connection:
            versions = [self._version(connection, key) for key in keys]
            for key, stored, change in zip(keys, versions, changes, strict=True):
                if change.expect is not None and change.expect != stored:
                    raise Conflict(f"row {key[0]}/{key[1]} has version {stored}, not {change.expect}")
            for key, stored, change in zip(keys, versions, changes, strict=True):
                if isinstance(change, Put):
                    _put(connection, change.row, stored + 1)
                else:
                    connection.execute("DELETE FROM rows WHERE pk=? AND sk=?", key)

    def tally(self, pk: str, sk: str, add: Mapping[str, float], put: Mapping[str, Any]) -> None:
        """See `Store.tally`. An ordered write: after a power cut a count may be a moment old."""
        with self._remembered.changing([pk]), self._db.write(durable=False) as connection:
            found = connection.execute(f"{_SELECT} WHERE pk=? AND sk=?", (pk, sk)).fetchone()
            row = _row(found) if found else Row(pk, sk)
            data = {**row.data, **put}
            for name, amount in add.items():
                data[name] = data.get(name, 0) + amount
            _put(connection, Row(pk, sk, data, 0, row.due_at, row.expires_at), row.version + 1)

    def keep(self, rows: Sequence[Row]) -> None:
        """See `Store.keep`. Ordered writes of a few rows each, so that nobody waits for all of them."""
        latest = {(row.pk, row.sk): row for row in rows}
        # In the order of the table: of many rows in a random one, each touches pages that the last has left.
        found = [
            (*key, orjson.dumps(row.data).decode(), row.due_at, row.expires_at)
            for key, row in sorted(latest.items(), key=lambda one: one[0])
        ]
        for some in batched(found, _FEW, strict=False):
            pks = {pk for pk, *_ in some}
            with self._remembered.changing(pks), self._db.write(durable=False) as connection:
                connection.executemany("REPLACE INTO rows VALUES (?,?,1,?,?,?)", some)

    def due(self, until: float, limit: int) -> list[Row]:
        """See `Store.due`."""
        sql = f"{_SELECT} WHERE due_at<=? AND {_ALIVE} ORDER BY due_at, pk, sk LIMIT ?"
        return [_row(found) for found in self._db.read(sql, (until, self._now(), limit))]

    def next_due(self) -> float | None:
        """See `Store.next_due`."""
        at: float | None = self._db.read(
            f"SELECT min(due_at) FROM rows WHERE due_at IS NOT NULL AND {_ALIVE}", (self._now(),)
        )[0][0]
        return at

    def sweep(self) -> int:
        """Remove expired rows (DynamoDB does this by itself); returns how many."""
        with self._db.write(durable=False) as connection:
            return connection.execute("DELETE FROM rows WHERE expires_at<=?", (self._now(),)).rowcount

    def checkpoint(self) -> None:
        """See `Database.checkpoint`."""
        self._db.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _now(self) -> float:
        return self._clock.now().timestamp()

    def _version(self, connection: Connection, key: tuple[str, str]) -> int:
        sql = f"SELECT version FROM rows WHERE pk=? AND sk=? AND {_ALIVE}"
        found = connection.execute(sql, (*key, self._now())).fetchone()
        return int(found[0]) if found else 0


def _put(connection: Connection, row: Row, version: int) -> None:
    data = orjson.dumps(row.data).decode()
    connection.execute(
        "REPLACE INTO rows VALUES (?,?,?,?,?,?)", (row.pk, row.sk, version, data, row.due_at, row.expires_at)
    )


def _size(found: tuple[Any, ...]) -> int:
    return len(found[3])


def _expiry(found: tuple[Any, ...]) -> float | None:
    at: float | None = found[5]
    return at


def _row(found: tuple[Any, ...]) -> Row:
    pk, sk, version, data, due_at, expires_at = found
    return Row(pk, sk, orjson.loads(data), version, due_at, expires_at)
