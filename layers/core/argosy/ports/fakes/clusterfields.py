"""Who owns which field: server-side apply as the fake cluster does it.

In: an object, what a manager applies, and the fields that managers own (manager → paths). Out: the merged object and the
owners after it. Called by `FakeCluster` alone; a real server does it itself (apimachinery's structured-merge-diff). Simpler
on purpose: lists are owned as a whole, where a real server merges those of built-in kinds by their keys.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from argosy.errors import Conflict

__all__ = ["Owners", "apply_fields", "changed_fields"]

type Path = tuple[str, ...]
type Owners = dict[str, frozenset[Path]]

_NOBODYS = frozenset({"apiVersion", "kind"})
_SERVERS = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}
)


def apply_fields(
    live: Mapping[str, Any], applied: Mapping[str, Any], manager: str, owners: Owners, *, force: bool, subject: str
) -> tuple[dict[str, Any], Owners]:
    """`live` with what is applied, and the owners then. Raises `Conflict` unless `force`."""
    merged = copy.deepcopy(dict(live))
    wanted = dict(_leaves(applied))
    taken = {
        (other, path)
        for other, paths in owners.items()
        for path in paths
        if other != manager and path in wanted and _value(live, path) != wanted[path]
    }
    if taken and not force:
        other, path = min(taken)
        raise Conflict(f'{subject}: Apply failed with 1 conflict: conflict with "{other}": .{".".join(path)}')
    for path in owners.get(manager, frozenset()) - wanted.keys():
        if not any(path in paths for other, paths in owners.items() if other != manager):
            _remove(merged, path)
    for path, value in wanted.items():
        _put(merged, path, value)
    after = {other: paths - {path for who, path in taken if who == other} for other, paths in owners.items()}
    return merged, after | {manager: frozenset(wanted)}


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any], manager: str, owners: Owners) -> Owners:
    """The owners after `manager` has written `after` without applying it: it owns what it has changed, alone."""
    old = dict(_leaves(before))
    changed = frozenset(path for path, value in _leaves(after) if old.get(path, _MISSING) != value)
    kept = {other: paths - changed for other, paths in owners.items()}
    return kept | {manager: kept.get(manager, frozenset()) | changed}


_MISSING = object()


def _leaves(value: Mapping[str, Any], at: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, inner in value.items():
        if (not at and name in _NOBODYS) or (at == ("metadata",) and name in _SERVERS):
            continue
        path = (*at, name)
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, path)
        else:
            yield path, inner


def _value(live: Mapping[str, Any], path: Path) -> Any:
    found: Any = live
    for part in path:
        found = found.get(part, _MISSING) if isinstance(found, Mapping) else _MISSING
    return found


def _put(merged: dict[str, Any], path: Path, value: Any) -> None:
    at = merged
    for part in path[:-1]:
        inner = at.get(part)
        if not isinstance(inner, dict):
            inner = at[part] = {}
        at = inner
    at[path[-1]] = copy.deepcopy(value)


def _remove(merged: dict[str, Any], path: Path) -> None:
    if len(path) == 1:
        merged.pop(path[0], None)
        return
    inner = merged.get(path[0])
    if isinstance(inner, dict):
        _remove(inner, path[1:])
        if not inner:
            merged.pop(path[0])
