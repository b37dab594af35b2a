"""Fields whose other writers are trusted (`util/argo/managedfields/managed_fields.go`).

In: the live and the desired object, and managers of fields. Out: both without the fields in which they differ and which
one of the managers owns. Called before a comparison, for `managedFieldsManagers`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.gitops.diff.fieldsets import FieldSet, item_keys, key_names, managed
from argosy.lang.copying import copied

__all__ = ["without_managed"]

type Object = dict[str, Any]


def without_managed(
    live: Mapping[str, Any], config: Mapping[str, Any], managers: Iterable[str]
) -> tuple[Object, Object]:
    """Live and desired without the fields that differ and are the managers'; a field that one side lacks stays."""
    before, after = copied(dict(live)), copied(dict(config))
    for owned in managed(live, managers):
        _clear(before, after, owned)
    return before, after


def _clear(live: Any, config: Any, owned: FieldSet) -> None:
    if isinstance(live, dict) and isinstance(config, dict):
        for name in [name for name in owned if name.startswith("f:")]:
            field = name[2:]
            if field not in live or field not in config:
                continue
            inner = owned[name]
            if any(key != "." for key in inner):
                _clear(live[field], config[field], inner)
            elif live[field] != config[field]:
                del live[field], config[field]
    elif isinstance(live, list) and isinstance(config, list):
        names = key_names(owned)
        there = {item_keys(one, names): one for one in live}
        for one in config:
            key = item_keys(one, names)
            if key and key in there and key in owned:
                _clear(there[key], one, owned[key])
