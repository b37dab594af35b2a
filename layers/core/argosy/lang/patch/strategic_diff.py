"""The strategic merge patch that leads from one object to another.

In: two objects and how their kind is merged. Out: a patch for `strategic_merge_patch`, with its directives. Mirrors
`diffMaps` of k8s.io/apimachinery v0.34, pkg/util/strategicpatch. A three-way patch is two of these, one after the
other: what went from the last applied object (`changes=False`), then what is new against the live one
(`deletions=False`).

On purpose different: a field that the kind does not have is compared as plain JSON, where upstream gives up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang.copying import copied
from argosy.lang.patch.types import PLAIN, Type

__all__ = ["create_strategic_patch", "three_way_patches"]

type Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Wanted:
    deletions: bool
    changes: bool


def create_strategic_patch(
    original: Mapping[str, Any],
    modified: Mapping[str, Any],
    kind: Type,
    *,
    deletions: bool = True,
    changes: bool = True,
) -> Object:
    """The patch. Raises EvaluationError for an item that lacks its list's key, and for what is nested too deep."""
    try:
        return copied(_maps(original, modified, kind, _Wanted(deletions, changes), retain=False))
    except RecursionError as x:
        raise EvaluationError("the two objects are nested too deep") from x


def three_way_patches(
    original: Mapping[str, Any], modified: Mapping[str, Any], current: Mapping[str, Any], kind: Type
) -> tuple[Object, Object]:
    """What apply does to a live object, as two patches in turn: what has gone from the last applied one, then what is new.

    As upstream, an item that goes takes with it those that share its key: of two protocols of a port neither stays.
    """
    gone = create_strategic_patch(original, modified, kind, changes=False)
    new = create_strategic_patch(current, modified, kind, deletions=False)
    return gone, _spared(new, gone, kind)


def _spared(new: Object, gone: Mapping[str, Any], kind: Type) -> Object:
    """A patch without the items that the other deletes."""
    found: Object = {}
    for name, value in new.items():
        inner, other = kind.fields.get(name, PLAIN), gone.get(name)
        if isinstance(value, dict) and isinstance(other, dict):
            found[name] = _spared(value, other, inner)
        elif inner.key and isinstance(value, list) and isinstance(other, list):
            there = {_text(one[inner.key]): one for one in other}
            found[name] = [
                _spared(one, there.get(_text(one[inner.key]), {}), inner)
                for one in value
                if "$patch" not in there.get(_text(one[inner.key]), ())
            ]
        else:
            found[name] = value
    return found


def _maps(
    original: Mapping[str, Any], modified: Mapping[str, Any], kind: Type, wanted: _Wanted, *, retain: bool
) -> Object:
    patch: Object = {}
    for name, value in modified.items():
        before: Any = original.get(name)
        if name not in original or not _alike(before, value):
            if wanted.changes:
                patch[name] = value
        elif isinstance(value, Mapping):
            _member(patch, name, before, value, kind.fields.get(name, PLAIN), wanted)
        elif isinstance(value, list):
            _list(patch, name, before, value, kind.fields.get(name, PLAIN), wanted)
        elif wanted.changes and before != value:
            patch[name] = value
    if wanted.deletions:
        patch.update({name: None for name in original if name not in modified})
    kept = [name for name, value in modified.items() if value is not None] if retain else []
    cleared = any(value is not None and name not in modified for name, value in original.items())
    if kept and (patch or cleared):
        patch["$retainKeys"] = sorted(kept)
    return patch


def _alike(one: object, other: object) -> bool:
    """Whether both are of one JSON type."""
    return _sort(one) is _sort(other)


def _sort(value: object) -> object:
    return type(value) if not isinstance(value, float) else int


def _member(patch: Object, name: str, before: Any, value: Any, kind: Type, wanted: _Wanted) -> None:
    if kind.whole:
        if wanted.changes:
            patch[name] = value
        return
    inner = _maps(before, value, kind, wanted, retain=kind.retain)
    if inner:
        patch[name] = inner


def _list(patch: Object, name: str, before: list[Any], value: list[Any], kind: Type, wanted: _Wanted) -> None:
    if not kind.merged:
        if wanted.changes and before != value:
            patch[name] = value
        return
    if not before:
        if value and wanted.changes:
            patch[name] = value
        return
    if len({isinstance(one, Mapping) for one in (*before, *value)}) > 1:
        raise EvaluationError(f"{name} mixes objects and plain values")
    if isinstance(before[0], Mapping):
        _objects(patch, name, before, value, kind, wanted)
    else:
        _scalars(patch, name, before, value, wanted)


def _objects(patch: Object, name: str, before: list[Any], value: list[Any], kind: Type, wanted: _Wanted) -> None:
    key = kind.key
    for one in (*before, *value):
        if key not in one:
            raise EvaluationError(f"{name} is merged by {key}, which an item of it lacks")
    changed, gone = _paired(before, value, kind, wanted)
    order = [one[key] for one in value]
    changed.sort(key=lambda one: order.index(one[key]) if one[key] in order else len(order))
    changed += gone
    moved = [one[key] for one in before] != order
    if (wanted.changes and (changed or moved)) or (wanted.deletions and changed):
        patch[f"$setElementOrder/{name}"] = [{key: one} for one in order]
    if changed:
        patch[name] = changed


def _paired(before: list[Any], value: list[Any], kind: Type, wanted: _Wanted) -> tuple[list[Any], list[Any]]:
    """Both lists walked in the order of their keys: patches of what both have, what is new, and what is gone.

    Items that share a key, such as a port of two protocols, are walked from the last to the first, as upstream's sort
    has it.
    """
    key = kind.key
    old, new = (sorted(reversed(items), key=lambda one: _text(one[key])) for items in (before, value))
    changed, gone = list[Any](), list[Any]()
    while old or new:
        left = _text(old[0][key]) if old else None
        right = _text(new[0][key]) if new else None
        if left is not None and left == right:
            item = new.pop(0)
            inner = _maps(old.pop(0), item, kind, wanted, retain=kind.retain)
            if inner:
                changed.append(inner | {key: item[key]})
        elif right is not None and (left is None or left > right):
            item = new.pop(0)
            if wanted.changes:
                changed.append(item)
        else:
            item = old.pop(0)
            if wanted.deletions:
                gone.append({key: item[key], "$patch": "delete"})
    return changed, gone


def _scalars(patch: Object, name: str, before: list[Any], value: list[Any], wanted: _Wanted) -> None:
    old, new = {_text(one): one for one in before}, {_text(one): one for one in value}
    added = [one for text, one in new.items() if text not in old] if wanted.changes else []
    gone = [old[text] for text in sorted(old) if text not in new] if wanted.deletions else []
    if added:
        patch[name] = added
    if gone:
        patch[f"$deleteFromPrimitiveList/{name}"] = gone
    if (gone or (wanted.changes and before != value)) and value:
        patch[f"$setElementOrder/{name}"] = value


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
