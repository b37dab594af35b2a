"""Store port: rows of JSON under a partition and a sort key, each with a version.

DynamoDB's shape (one table, conditional writes, an index on due time, expiry), kept small enough that SQLite gives the
same answers. Whoever writes a row states the version it has read; a lost race raises Conflict and nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

__all__ = ["ABSENT", "Delete", "Put", "Row", "Store"]

ABSENT: Final = 0
"""As `expect`: the row must not exist."""

MAX_WRITES = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `version` counts its writes from 1; `due_at` and `expires_at` are epoch seconds or None."""

    pk: str
    sk: str
    data: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    due_at: float | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Put:
    """Write `row` (its own `version` is ignored) if the stored version is `expect`; None = whatever is there."""

    row: Row
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a row if the stored version is `expect`; None = whatever is there, also nothing."""

    pk: str
    sk: str
    expect: int | None = None


class Store(Protocol):
    """Rows by (pk, sk). Expired rows are never returned."""

    def get(self, pk: str, sk: str) -> Row | None:
        """The row, or None."""
        ...

    def find(self, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], Row]:
        """Those rows that are there, by (pk, sk): any number, each as it is at its moment."""
        ...

    def query(
        self, pk: str, prefix: str = "", *, after: str = "", limit: int | None = None, newest_first: bool = False
    ) -> list[Row]:
        """Rows of a partition whose sort key starts with `prefix`, ordered by the sort key's code points.

        `after`: only those that follow this sort key in the order asked for ("" = from the beginning); no row needs to have
        it. No more is read than is returned, so that page after page costs as much as all at once.
        """
        ...

    def write(self, changes: Sequence[Put | Delete], *, durable: bool = True) -> None:
        """Do all changes or none, durable on return. At most 100, each on another row.

        `durable=False`: on one machine a power cut may undo it, with all that was written since, a killed process never.
        For what is then found out again: by it nobody outside may have been told anything.

        Raises Conflict when an expectation does not hold, InvalidObject for too many changes or a row named twice.
        """
        ...

    def tally(self, pk: str, sk: str, add: Mapping[str, float], put: Mapping[str, Any]) -> None:
        """Add to number fields and set others in one step, creating the row; no condition, no lost update."""
        ...

    def keep(self, rows: Sequence[Row]) -> None:
        """Write rows that nobody reads to decide anything, whatever is there: any number, each one or not, none conditional.

        They begin at version 1 again. Of a row that is given twice the last counts. On one machine a power cut may take
        the last of them. Raises Unavailable when not all could be written.
        """
        ...

    def due(self, until: float, limit: int) -> list[Row]:
        """Rows with `due_at` <= `until`, earliest first."""
        ...

    def next_due(self) -> float | None:
        """The earliest `due_at` of all rows, or None."""
        ...
