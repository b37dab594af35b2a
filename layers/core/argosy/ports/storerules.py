"""What one write of the Store port may hold: one check for every adapter."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.errors import InvalidObject
from argosy.ports.store import MAX_WRITES, Delete, Put

__all__ = ["check_changes"]


def check_changes(changes: Sequence[Put | Delete]) -> list[tuple[str, str]]:
    """Return the keys that `changes` touch; raises InvalidObject for more than 100 or a row named twice."""
    keys = [(c.row.pk, c.row.sk) if isinstance(c, Put) else (c.pk, c.sk) for c in changes]
    if len(keys) > MAX_WRITES:
        raise InvalidObject(f"{len(keys)} changes in one write; at most {MAX_WRITES} go together")
    if len(set(keys)) != len(keys):
        raise InvalidObject("one write names the same row twice")
    return keys
