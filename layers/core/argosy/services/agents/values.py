"""The hub's rows of values that agents tell: what is asked for, and what was told of it, never in the open if it is secret.

A row for each object and account (pk `values/<cluster>`, sk `kind/namespace/name/account`). `asked`: the keys that
declarations name, written when the agent is told so; `told`: its last report (`Told`). A row that nobody names any more is
deleted, and what is told of none is not taken in. Values are opened where they are needed (`adapters/sealed`), and the
clear text is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from argosy.control.agents.values import Named, Place, Told
from argosy.errors import Conflict
from argosy.ports.store import ABSENT, Delete, Put, Row, Store
from argosy.ports.storerules import write_in_parts

__all__ = ["Known", "ValueRows"]

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an object: the keys that are asked for, and what was told, None = nothing yet."""

    asked: tuple[str, ...]
    told: Told | None


class ValueRows:
    """The rows of one cluster."""

    def __init__(self, store: Store, cluster: str) -> None:
        self._store, self._pk = store, f"values/{cluster}"

    def find(self, place: Place) -> Known | None:
        """What is known of an object; None when nothing names it."""
        row = self._store.get(self._pk, place.key)
        return _known(row) if row is not None else None

    def all(self, kind: str, namespace: str) -> dict[str, Known]:
        """What is known of a namespace's objects of a kind, by their names."""
        beginning = f"{kind}/{namespace}/"
        rows = self._store.query(self._pk, beginning)
        return {row.sk.removeprefix(beginning).split("/", 1)[0]: _known(row) for row in rows}

    def ask(self, named: Iterable[Named]) -> None:
        """Note what is asked for from now on; what was told of anything else is forgotten.

        Raises Conflict when agents' reports and others who ask come between all the time.
        """
        wanted = {one.place.key: list(one.keys) for one in named}
        for left in reversed(range(_TRIES)):
            try:
                self._ask(wanted)
            except Conflict:
                if not left:
                    raise
            else:
                return

    def _ask(self, wanted: Mapping[str, list[str]]) -> None:
        rows = {row.sk: row for row in self._store.query(self._pk)}
        changes: list[Put | Delete] = [
            Put(
                Row(self._pk, key, (dict(rows[key].data) if key in rows else {}) | {"asked": keys}),
                expect=rows[key].version if key in rows else ABSENT,
            )
            for key, keys in wanted.items()
            if key not in rows or rows[key].data.get("asked") != keys
        ]
        changes += [Delete(self._pk, key) for key in rows.keys() - wanted.keys()]
        write_in_parts(self._store, changes)

    def put(self, told: Told) -> bool:
        """Keep what an agent tells, if it was asked for; whether other keys or another problem are known by it now.

        Raises Conflict: to be told again.
        """
        row = self._store.get(self._pk, told.place.key)
        if row is None:
            return False
        before = _known(row).told
        data = {**row.data, "told": told.as_json()}
        self._store.write([Put(Row(self._pk, row.sk, data), expect=row.version)])
        return before is None or (before.keys, before.problem) != (told.keys, told.problem)

    def forget(self) -> None:
        """Remove all rows, when the cluster is removed."""
        self.ask(())


def _known(row: Row) -> Known:
    return Known(tuple(row.data.get("asked") or ()), Told.from_json(row.data["told"]) if "told" in row.data else None)
