"""Rendered objects as the targets of a comparison (`controller/state.go`, `DeduplicateTargetObjects`).

In: the objects of all sources in order, the destination's namespace, what is known of the scope of kinds. Out: one
target for each key, each with the namespace it goes to, and what came more than once. Called at the start of a
comparison, before tracking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from argosy.errors import InvalidObject
from argosy.gitops.identity import Key, key_of

__all__ = ["Targets", "check_target", "retargeted"]

type Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets by key, in the order in which keys first came; `repeated`: how often those came that came again."""

    objects: Mapping[Key, Object]
    repeated: Mapping[Key, int]


def retargeted(
    objects: Iterable[Mapping[str, Any]], namespace: str, is_namespaced: Callable[[str, str], bool | None]
) -> Targets:
    """Put each object into its namespace; of several with one key the last counts.

    `is_namespaced(group, kind)`: None for a kind that the cluster does not know, which counts as namespaced.
    """
    found, counts = dict[Key, Object](), dict[Key, int]()
    for body in objects:
        made = _placed(body, namespace, is_namespaced)
        key = key_of(made)
        found[key] = made
        counts[key] = counts.get(key, 0) + 1
    return Targets(found, {key: count for key, count in counts.items() if count > 1})


def _placed(body: Mapping[str, Any], namespace: str, is_namespaced: Callable[[str, str], bool | None]) -> Object:
    key, made = key_of(body), dict(body)
    metadata = dict(made.get("metadata") or {})
    if is_namespaced(key.group, key.kind) is False:
        metadata.pop("namespace", None)
    elif not key.namespace and namespace:
        metadata["namespace"] = namespace
    return {**made, "metadata": metadata}


def check_target(key: Key, body: Object) -> None:
    """Raises InvalidObject for labels and annotations of other types than text, which the API server would refuse too."""
    title = f"{key.kind}/{key.name}"
    metadata = body.get("metadata") or {}
    for part in ("labels", "annotations"):
        given = metadata.get(part)
        if given is None:
            continue
        if not isinstance(given, Mapping):
            raise InvalidObject("must map names to texts", obj=title, field=f"metadata.{part}")
        for name, text in given.items():
            if text is not None and not isinstance(text, str):
                said = f"{text!r:.40} is no text; put it in quotes"
                raise InvalidObject(said, obj=title, field=f"metadata.{part}[{name}]")
    try:
        orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, orjson.JSONEncodeError) as x:
        raise InvalidObject(f"cannot be written as JSON: {x}", obj=title) from x
