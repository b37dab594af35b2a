"""How far an operation's writes have come, between two turns: what the status has no place for.

A row for each Application that has something to remember (pk `syncs`, sk its key), and one for each that is being deleted
(sk its key and `|end`). Losing them is no harm: writes are done again, and a wave comes without its pause.
"""

from __future__ import annotations

from datetime import UTC, datetime

from argosy.control.keys import Key
from argosy.gitops.identity import Key as Name
from argosy.gitops.observed import Carried
from argosy.gitops.sync.writes import Outcome
from argosy.ports.clock import Clock
from argosy.ports.store import Delete, Put, Row, Store

__all__ = ["Progress"]

_PK = "syncs"
_KEEP_SECONDS = 86_400.0


class Progress:
    """The rows."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def load(self, key: Key) -> Carried:
        """What is remembered of an Application."""
        row = self._store.get(_PK, str(key))
        if row is None:
            return Carried()
        data = row.data
        until = data.get("notBefore")
        return Carried(
            data["attempt"],
            {name: Outcome(*one) for name, one in data["outcomes"].items()},
            datetime.fromtimestamp(until, UTC) if until else None,
            {Name(*name): version for name, version in data.get("left", ())},
        )

    def ended(self, key: Key, uid: str) -> int:
        """How many batches of the deletion of an Application have been answered."""
        row = self._store.get(_PK, _ending(key))
        return int(row.data["batches"]) if row is not None and row.data["uid"] == uid else 0

    def end(self, key: Key, uid: str, batches: int) -> None:
        """Remember that number."""
        expires = self._clock.now().timestamp() + _KEEP_SECONDS
        self._store.write([Put(Row(_PK, _ending(key), {"uid": uid, "batches": batches}, expires_at=expires))])

    def save(self, own: Key, before: Carried, after: Carried) -> None:
        """Remember; nothing costs nothing."""
        if after == before:
            return
        if after == Carried(after.attempt):
            self._store.write([Delete(_PK, str(own))])
            return
        data = {
            "attempt": after.attempt,
            "outcomes": {name: [one.message, one.problem] for name, one in after.outcomes.items()},
            "notBefore": after.not_before.timestamp() if after.not_before is not None else None,
            "left": [[[key.group, key.kind, key.namespace, key.name], rv] for key, rv in after.written.items()],
        }
        expires = self._clock.now().timestamp() + _KEEP_SECONDS
        self._store.write([Put(Row(_PK, str(own), data, expires_at=expires))])


def _ending(key: Key) -> str:
    return f"{key}|end"
