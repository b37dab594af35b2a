"""What one write of the Store port may hold: one check for every adapter, and how more than that is written."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from argosy.errors import InvalidObject
from argosy.ports.store import MAX_WRITES, Delete, Put, Store

__all__ = ["check_changes", "write_in_parts"]


def check_changes(changes: Sequence[Put | Delete]) -> list[tuple[str, str]]:
    """Return the keys that `changes` touch; raises InvalidObject for more than 100 or a row named twice."""
    keys = [(c.row.pk, c.row.sk) if isinstance(c, Put) else (c.pk, c.sk) for c in changes]
    if len(keys) > MAX_WRITES:
        raise InvalidObject(f"{len(keys)} changes in one write; at most {MAX_WRITES} go together")
    if len(set(keys)) != len(keys):
        raise InvalidObject("one write names the same row twice")
    return keys


def write_in_parts(store: Store, changes: Sequence[Put | Delete]) -> None:
    """Any number of changes, in several writes one after the other. Raises as `Store.write`, with those before written."""
    for some in batched(changes, MAX_WRITES, strict=False):
        store.write(some)
