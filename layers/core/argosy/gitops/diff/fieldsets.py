"""Which fields a manager owns: `fieldsV1` of `metadata.managedFields` (sigs.k8s.io/structured-merge-diff).

In: an object's managed fields. Out: sets, as they are written: `f:` a field, `k:` an item of a list by its keys, `v:` a
plain item, `.` the thing itself; an empty set is a field owned as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

from argosy.gitops.diff.kube import whole_numbers

__all__ = ["FieldSet", "item_keys", "key_names", "managed", "union"]

type FieldSet = Mapping[str, Any]

_DEFAULTS: Final = {"protocol": "TCP"}  # of keys that an item may leave out


def managed(obj: Mapping[str, Any], managers: Iterable[str]) -> list[FieldSet]:
    """The sets that these managers own, in the order in which the object has them."""
    wanted = set(managers)
    metadata = obj.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    if not isinstance(entries, list):
        return []
    return [
        one["fieldsV1"]
        for one in entries
        if isinstance(one, Mapping) and one.get("manager") in wanted and isinstance(one.get("fieldsV1"), Mapping)
    ]


def union(sets: Iterable[FieldSet]) -> FieldSet:
    """What is owned by any."""
    found: dict[str, Any] = {}
    for one in sets:
        for name, inner in one.items():
            found[name] = union([found[name], inner]) if name in found else inner
    return found


def key_names(*sets: FieldSet) -> tuple[str, ...]:
    """By which of their fields the sets tell the items of a list apart; () when they do not."""
    for one in sets:
        for name in one:
            if name.startswith("k:"):
                return tuple(sorted(_keys(name)))
    return ()


def item_keys(item: Any, names: tuple[str, ...]) -> str:
    """How a set names an item of a list; "" for an item that lacks a key."""
    if not isinstance(item, Mapping):
        return ""
    found = {name: item.get(name, _DEFAULTS.get(name)) for name in names}
    if None in found.values():
        return ""
    return "k:" + orjson.dumps(whole_numbers(found), option=orjson.OPT_SORT_KEYS).decode()


def _keys(name: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(name[2:])
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
