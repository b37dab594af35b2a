"""What applying a desired object would make of the live one (`gitops-engine/pkg/diff/diff.go`, `ThreeWayDiff`).

In: the desired object, the live one, and in its annotation the one that was last applied. Out: the live object in comparable
form and as it would be after. Called by `compare`. Kubernetes' own kinds are merged strategically and completed with the API
server's defaults, others as plain JSON, where a list counts as changed only for what was ever applied of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.errors import EvaluationError
from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.kube import kind_type, merging, with_defaults
from argosy.gitops.diff.normal import normalised
from argosy.gitops.diff.pruning import common, common_items
from argosy.lang.copying import copied
from argosy.lang.patch import create_merge_patch, merge_patch, strategic_merge_patch, three_way_patches

__all__ = ["applied", "last_applied", "predict"]

type Object = dict[str, Any]


def predict(config: Object, live: Object, *, ignore_aggregated: bool = False) -> tuple[Object, Object]:
    """The live object and its prediction. Both are given canonical and normalised."""
    applied = last_applied(live)
    original = config if applied is None else normalised(applied, ignore_aggregated=ignore_aggregated)
    original, config = _placeless(original), _placeless(config)
    name = kind_type(original.get("apiVersion"), original.get("kind"))
    if name is None:
        return live, _merged(original, config, live)
    try:
        current = _without_server_claims(original, live) if original.get("kind") == "StatefulSet" else live
        kind = merging(name)
        gone, new = three_way_patches(original, config, current, kind)
        predicted = strategic_merge_patch(strategic_merge_patch(live, gone, kind), new, kind)
        return with_defaults(live), with_defaults(predicted)
    except EvaluationError:  # a list that cannot be merged by its key: as plain JSON it can
        return live, _merged(original, config, live)


def applied(config: Mapping[str, Any], live: Mapping[str, Any]) -> Object:
    """The live object after kubectl's apply of `config`, which carries its own `LAST_APPLIED`; nothing is defaulted.

    Matches `Patcher.patchSimple` of `kubectl/pkg/cmd/apply/patcher.go`. Raises EvaluationError for a list that cannot be
    merged.
    """
    original, wanted, there = last_applied(live) or dict(config), dict(config), dict(live)
    name = kind_type(wanted.get("apiVersion"), wanted.get("kind"))
    if name is None:
        return _merged(original, wanted, there)
    kind = merging(name)
    gone, new = three_way_patches(original, wanted, there, kind)
    return strategic_merge_patch(strategic_merge_patch(there, gone, kind), new, kind)


def last_applied(live: Mapping[str, Any]) -> Object | None:
    """The object in kubectl's annotation; None when there is none that can be read."""
    metadata = live.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    text = annotations.get(LAST_APPLIED) if isinstance(annotations, Mapping) else None
    if not isinstance(text, str):
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _placeless(obj: Object) -> Object:
    """Without its namespace, which the destination may have given, and without empty annotations."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        return obj
    kept = {
        name: value
        for name, value in metadata.items()
        if name != "namespace" and not (name == "annotations" and value == {})
    }
    return {**obj, "metadata": kept}


def _without_server_claims(original: Object, live: Object) -> Object:
    """A StatefulSet without what the server has added to its claim templates."""
    found: list[Any] = []
    for obj in (original, live):
        spec = obj.get("spec")
        found.append(spec.get("volumeClaimTemplates") if isinstance(spec, dict) else None)
    wanted, there = found
    if not isinstance(wanted, list) or not isinstance(there, list):
        return live
    return {**live, "spec": {**live["spec"], "volumeClaimTemplates": common_items(wanted, there)}}


def _merged(original: Object, config: Object, live: Object) -> Object:
    reduced = common(original, live)
    new = _only(create_merge_patch(reduced, config), removals=False)
    gone = _only(create_merge_patch(original, config), removals=True)
    merged: Object = merge_patch(live, _laid(gone, new))
    return merged


def _laid(gone: Object, new: Object) -> Object:
    """Both patches as one; they share no field."""
    found = copied(gone)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(found.get(name), dict)
        found[name] = _laid(found[name], value) if both else value
    return found


def _only(patch: Object, *, removals: bool) -> Object:
    """Of a merge patch the removals, or all else."""
    kept: Object = {}
    for name, value in patch.items():
        if value is None:
            if removals:
                kept[name] = None
        elif isinstance(value, dict) and value:
            inner = _only(value, removals=removals)
            if inner:
                kept[name] = inner
        elif not removals:
            kept[name] = value
    return kept
