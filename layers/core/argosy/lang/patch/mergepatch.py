"""RFC 7386: a document that is laid over another, in which null removes; and the patch that leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.errors import EvaluationError
from argosy.lang.copying import copied

__all__ = ["create_merge_patch", "merge_patch"]


def merge_patch(document: Any, patch: Any) -> Any:
    """The document with the patch laid over it; a patch that is no object takes its place.

    Raises EvaluationError for what is nested too deep (some hundred levels).
    """
    try:
        return copied(_merged(document, patch))
    except RecursionError as x:
        raise EvaluationError("a merge patch or its document is nested too deep") from x


def create_merge_patch(original: Any, modified: Any) -> dict[str, Any]:
    """The patch that makes `modified` of `original`.

    Raises EvaluationError unless both are objects, and for what is nested too deep.
    """
    if not isinstance(original, Mapping) or not isinstance(modified, Mapping):
        raise EvaluationError("a merge patch is computed between two objects")
    try:
        return copied(_difference(original, modified))
    except RecursionError as x:
        raise EvaluationError("the two objects are nested too deep") from x


def _merged(document: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _difference(original: Mapping[str, Any], modified: Mapping[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    for name, value in modified.items():
        if name not in original:
            patch[name] = value
        elif isinstance(value, Mapping) and isinstance(original[name], Mapping):
            inner = _difference(original[name], value)
            if inner:
                patch[name] = inner
        elif type(value) is not type(original[name]) or value != original[name]:
            patch[name] = value
    patch.update({name: None for name in original if name not in modified})
    return patch
