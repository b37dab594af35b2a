"""Comparison with what a server-side apply would make (`gitops-engine/pkg/diff/diff.go`, `serverSideDiff`).

In: the live object and the server's answer to a dry run. Out: a `Comparison`. Called when a resource is compared on the
server's side. What mutating webhooks have changed beside is taken out again unless it is asked for: only fields that
our manager owns, or owned and has let go, are the dry run's; all others are as they live.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from argosy.errors import InvalidObject
from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.compare import Comparison
from argosy.gitops.diff.fieldsets import FieldSet, item_keys, key_names, managed, union
from argosy.gitops.diff.normal import canonical, normalised

__all__ = ["compare_dry_run"]

type Object = dict[str, Any]

_ABSENT: Final = object()


def compare_dry_run(
    live: Mapping[str, Any], dry_run: Mapping[str, Any], manager: str, *, with_webhooks: bool = False
) -> Comparison:
    """Compare the live object with a dry run's. Raises InvalidObject when the dry run does not say what the manager owns."""
    there, predicted = canonical(live), canonical(dry_run)
    if not with_webhooks:
        metadata = predicted.get("metadata")
        if not isinstance(metadata, dict) or not metadata.get("managedFields"):
            raise InvalidObject("the dry run has no managed fields", field="metadata.managedFields")
        owned = union(managed(predicted, [manager]))
        if not owned:
            raise InvalidObject(f"the dry run has no fields of {manager!r}", field="metadata.managedFields")
        found = _value(predicted, there, owned, union(managed(there, [manager])))
        predicted = found if isinstance(found, dict) else {}
    before, after = _shown(there), _shown(predicted)
    return Comparison(before != after, before, after)


def _value(predicted: Any, live: Any, owned: FieldSet | None, old: FieldSet | None) -> Any:
    """A value of the prediction without what is not the manager's. `owned`, `old`: what it owns and owned of it, if any."""
    if owned is None and old is None:
        return live
    if _is_whole(owned):
        return predicted
    if predicted is _ABSENT and _is_whole(old):
        return _ABSENT
    sides = [side for side in (predicted, live) if side is not _ABSENT]
    if all(isinstance(side, dict) for side in sides):
        return _members(predicted, live, owned or {}, old or {})
    if all(isinstance(side, list) for side in sides):
        return _items(predicted, live, owned or {}, old or {})
    return live if owned is None else predicted


def _is_whole(owned: FieldSet | None) -> bool:
    return owned is not None and not any(name != "." for name in owned)


def _members(predicted: Any, live: Any, owned: FieldSet, old: FieldSet) -> Any:
    before = live if live is not _ABSENT else {}
    after = predicted if predicted is not _ABSENT else {}
    found: Object = {}
    for name in {**after, **before}:
        key = f"f:{name}"
        value = _value(after.get(name, _ABSENT), before.get(name, _ABSENT), owned.get(key), old.get(key))
        if value is not _ABSENT:
            found[name] = value
    return found if found or live is not _ABSENT or owned else _ABSENT


def _items(predicted: Any, live: Any, owned: FieldSet, old: FieldSet) -> list[Any]:
    before: Sequence[Any] = live if live is not _ABSENT else ()
    after: Sequence[Any] = predicted if predicted is not _ABSENT else ()
    names = key_names(owned, old)
    if not names:
        return _plain_items(after, before, owned, old)
    there, new = ({item_keys(one, names): one for one in side} for side in (before, after))
    found = []
    for key in {**new, **there}:
        item, was = new.get(key, _ABSENT), there.get(key, _ABSENT)
        value = _value(item, was, owned.get(key), old.get(key))
        if isinstance(value, dict) and isinstance(item, dict):
            value = {**value, **{name: item[name] for name in names if name in item}}
        if value is not _ABSENT:
            found.append(value)
    return found


def _plain_items(after: Sequence[Any], before: Sequence[Any], owned: FieldSet, old: FieldSet) -> list[Any]:
    """A set of plain values: the manager's, and those live that it has not let go."""

    def name(value: Any) -> str:
        return "v:" + orjson.dumps(value).decode()

    kept = [one for one in after if name(one) in owned or one in before]
    return kept + [one for one in before if one not in after and name(one) not in old]


def _shown(obj: Object) -> Object:
    found = normalised(obj)
    metadata = {
        name: value
        for name, value in (found.get("metadata") or {}).items()
        if name not in ("managedFields", "resourceVersion")
    }
    notes = metadata.get("annotations")
    if isinstance(notes, dict) and LAST_APPLIED in notes:
        kept = {name: value for name, value in notes.items() if name != LAST_APPLIED}
        metadata = {**metadata, "annotations": kept}
        if not kept:
            del metadata["annotations"]
    return {**found, "metadata": metadata}
