"""Strategic merge patches: merge patches that know which lists of a Kubernetes type are merged, and by what.

In: an object, a patch and the object's kind, or how it is merged. Out: the patched object. Mirrors `StrategicMergePatch` of
k8s.io/apimachinery v0.34, pkg/util/strategicpatch, with its directives `$patch`, `$retainKeys`, `$setElementOrder/<list>`
and `$deleteFromPrimitiveList/<list>`; a merged list has the patch's order for what is in it, the object's for the rest.

On purpose different: a field that the kind does not have is merged as plain JSON, where upstream refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from argosy.errors import EvaluationError
from argosy.lang.copying import copied
from argosy.lang.patch.types import PLAIN, TYPES, Type

__all__ = ["strategic_merge_patch"]

_PATCH: Final = "$patch"
_RETAIN: Final = "$retainKeys"
_ORDER: Final = "$setElementOrder/"
_DELETE: Final = "$deleteFromPrimitiveList/"

type Object = dict[str, Any]


def strategic_merge_patch(document: Mapping[str, Any], patch: Mapping[str, Any], kind: str | Type) -> Object:
    """The object with the patch merged in.

    Raises EvaluationError for a kind that is not known (use a merge patch for it), a directive that makes no sense, an item
    without the key that its list is merged by.
    """
    known = TYPES.get(kind) if isinstance(kind, str) else kind
    if known is None:
        raise EvaluationError(f"a {kind} has no strategic merge patch; a merge patch is what it takes")
    try:
        return _map(copied(dict(document)), copied(dict(patch)), known)
    except RecursionError as x:
        raise EvaluationError("a strategic merge patch or its object is nested too deep") from x


def _map(original: Object, patch: Object, known: Type) -> Object:
    directive = patch.pop(_PATCH, None)
    if directive is not None:
        return _directed(patch, directive)
    _retain(original, patch)
    _ordered_lists(original, patch, known)
    for name, value in patch.items():
        if name.startswith(_DELETE):
            field = name.removeprefix(_DELETE)
            if isinstance(original.get(field), list):
                original[field] = [one for one in original[field] if one not in _items(value, name)]
        elif value is None:
            original.pop(name, None)
        elif type(original.get(name)) is not type(value):
            original[name] = _clean(value)
        elif isinstance(value, dict) and not known.fields.get(name, PLAIN).whole:
            original[name] = _map(original[name], value, known.fields.get(name, PLAIN))
        elif isinstance(value, list):
            original[name] = _list(original[name], value, known.fields.get(name, PLAIN), name)
        else:
            original[name] = value
    return original


def _directed(patch: Object, directive: object) -> Object:
    if directive == "replace":
        return patch
    if directive == "delete":
        return {}
    raise EvaluationError(f"$patch of an object is replace or delete, not {directive!r:.40}")


def _retain(original: Object, patch: Object) -> None:
    """Of the object only what `$retainKeys` names stays."""
    kept = patch.pop(_RETAIN, None)
    if kept is None:
        return
    names = _items(kept, _RETAIN)
    strangers = [name for name, value in patch.items() if value is not None and name not in names and name[:1] != "$"]
    if strangers:
        raise EvaluationError(f"$retainKeys does not name {strangers[0]!r}, which the patch sets")
    for name in [name for name in original if name not in names]:
        del original[name]


def _ordered_lists(original: Object, patch: Object, known: Type) -> None:
    """Lists that have an order of their own in the patch: merged here, and taken out of it."""
    for name in [name for name in patch if name.startswith(_ORDER)]:
        order, field = _items(patch.pop(name), name), name.removeprefix(_ORDER)
        kind = known.fields.get(field, PLAIN)
        before, change = original.get(field), patch.pop(field, None)
        if change is not None and not isinstance(change, list):
            raise EvaluationError(f"{name} stands beside a {field} that is no list")
        for one in change or ():
            if _PATCH not in (one if isinstance(one, dict) else ()) and _key(one, kind, field) not in _keys(
                order, kind, field
            ):
                raise EvaluationError(f"{name} does not hold all that {field} does")
        if before is None and change is None:
            continue
        merged = (
            _list(before, change, kind, field)
            if before is not None and change is not None
            else before
            if before is not None
            else _clean(change)
        )
        original[field] = _in_order(merged, order, before or [], kind, field)


def _list(original: list[Any], patch: list[Any], kind: Type, field: str) -> list[Any]:
    if not kind.merged:
        return patch
    if not original and not patch:
        return original
    if len({isinstance(one, dict) for one in (*original, *patch)}) > 1:
        raise EvaluationError(f"{field} mixes objects and plain values")
    if not kind.key:
        return _in_order([*dict.fromkeys((*original, *patch))], patch, original, kind, field)
    base, changes = _special(original, patch, kind, field)
    merged = list(base)
    for change in changes:
        key = _key(change, kind, field)
        at = next((index for index, one in enumerate(merged) if one.get(kind.key) == key), None)
        if at is None:
            merged.append(change)
        else:
            merged[at] = _map(merged[at], change, kind)
    return _in_order(merged, changes, base, kind, field)


def _special(original: list[Any], patch: list[Any], kind: Type, field: str) -> tuple[list[Any], list[Any]]:
    """Without the items that are directives: what remains of the list, and what is merged into it."""
    changes: list[Any] = []
    replaced = False
    for one in patch:
        directive = one.get(_PATCH)
        if directive is None:
            changes.append(one)
        elif directive == "delete":
            key = _key(one, kind, field)
            original = [each for each in original if each.get(kind.key) != key]
        elif directive == "replace":
            replaced = True
        else:
            raise EvaluationError(f"{field}: $patch of an item is delete or replace, not {directive!r:.40}")
    return ([] if replaced else original), changes


def _in_order(merged: list[Any], order: Sequence[Any], before: Sequence[Any], kind: Type, field: str) -> list[Any]:
    """What `order` holds in its order, and the rest where it stood among them before."""
    wanted, old = _keys(order, kind, field), _keys(before, kind, field)
    named = sorted(
        (one for one in merged if _key(one, kind, field) in wanted),
        key=lambda one: wanted.index(_key(one, kind, field)),
    )
    rest = [one for one in merged if _key(one, kind, field) not in wanted]
    rest.sort(key=lambda one: old.index(key) if (key := _key(one, kind, field)) in old else len(old))
    found: list[Any] = []
    while named and rest:
        left, right = _key(rest[0], kind, field), _key(named[0], kind, field)
        first = left in old and right in old and old.index(left) < old.index(right)
        found.append((rest if first else named).pop(0))
    return [*found, *named, *rest]


def _key(one: Any, kind: Type, field: str) -> Any:
    if not kind.key:
        return one
    if not isinstance(one, dict) or kind.key not in one:
        raise EvaluationError(f"{field} is merged by {kind.key}, which an item of it lacks")
    return one[kind.key]


def _keys(items: Sequence[Any], kind: Type, field: str) -> list[Any]:
    return [_key(one, kind, field) for one in items]


def _items(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise EvaluationError(f"{name} is no list")
    return value


def _clean(value: Any) -> Any:
    """What is new in an object: without directives, and without the nulls that would remove something."""
    if isinstance(value, list):
        return [_clean(one) for one in value if not (isinstance(one, dict) and _PATCH in one)]
    if isinstance(value, dict):
        return {name: _clean(one) for name, one in value.items() if one is not None and not name.startswith("$")}
    return value
