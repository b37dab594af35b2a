"""Which Applications wait for a cluster that has not answered, and since when: whoever hears of the cluster wakes them.

A row for each (pk `waiting/<cluster>`, sk its key), written by each look that waits, and removed by the answer. Looks of
their own become rarer (`control.backoff`), so that a cluster that is silent for days costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from argosy.control.keys import Key
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row, Store
from argosy.ports.storerules import write_in_parts

__all__ = ["Waiting"]

_ANEW: Final = 1500.0
"""Seconds without a look that waits, after which one is the first of a new wait: more than the longest backoff."""


class Waiting:
    """The rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def waits(self, cluster: str, key: Key) -> float:
        """Note that an Application waits for a cluster; the seconds since it first did."""
        now = self._clock.now().timestamp()
        row = self._store.get(_pk(cluster), str(key))
        since = float(row.data["since"]) if row is not None and now - row.data["last"] < _ANEW else now
        change = Row(_pk(cluster), str(key), {"since": since, "last": now}, expires_at=now + _ANEW)
        self._store.write([Put(change)])
        return now - since

    def answered(self, cluster: str) -> Sequence[Key]:
        """The cluster has been heard of; those that have waited for it."""
        rows = self._store.query(_pk(cluster))
        write_in_parts(self._store, [Delete(row.pk, row.sk) for row in rows])
        return [Key.parse(row.sk) for row in rows]


def _pk(cluster: str) -> str:
    return f"waiting/{cluster}"
