"""Changes of a folder, found by comparing two looks at it: pure, for file systems and servers that tell of nothing.

Follows `scanChange` of the `watcher` module that Argo Events 1.9 polls files with: a file that has another name and is the
same is RENAME, one whose mode alone has changed CHMOD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Seen", "differences"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of a file; `identity` tells whether it is the same under another name, None where nothing does."""

    size: int
    modified: float
    mode: int
    identity: tuple[int, int] | None = None


def differences(before: Mapping[str, Seen], now: Mapping[str, Seen]) -> Iterator[tuple[str, str]]:
    """(name, operation) of each change between two looks, by name; a renamed file is told of under its former name."""
    gone = {one.identity: name for name, one in before.items() if name not in now and one.identity is not None}
    renamed = {gone[one.identity] for name, one in now.items() if name not in before and one.identity in gone}
    moved = {one.identity for name, one in before.items() if name in renamed}
    for name in sorted(before.keys() | now.keys()):
        old, new = before.get(name), now.get(name)
        if new is None:
            yield name, "RENAME" if name in renamed else "REMOVE"
        elif old is None:
            if new.identity is None or new.identity not in moved:
                yield name, "CREATE"
        elif (old.size, old.modified) != (new.size, new.modified):
            yield name, "WRITE"
        elif old.mode != new.mode:
            yield name, "CHMOD"
