"""What kubectl's apply makes of an object (`kubectl/pkg/cmd/apply` of Kubernetes 1.34, as the GitOps engine calls it).

In: what is wanted and, if it is there, the live object; out: the object to create, or the patch to send. Called next to
the cluster by whoever carries out the writes of a sync.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.threeway import applied
from argosy.gitops.identity import Key
from argosy.lang.patch import create_merge_patch

__all__ = ["annotated", "patch", "title"]

type Object = dict[str, Any]

# As Go's encoder writes them, so that what Argo CD has applied is not different when it is applied again.
_ESCAPED = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    b"&": b"\\u0026",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}


def annotated(manifest: Mapping[str, Any]) -> Object:
    """The object with itself in kubectl's annotation (GetModifiedConfiguration)."""
    metadata = dict(manifest.get("metadata") or {})
    notes = {name: text for name, text in (metadata.get("annotations") or {}).items() if name != LAST_APPLIED}
    plain = {**manifest, "metadata": {**metadata, "annotations": notes}}
    return {**plain, "metadata": {**metadata, "annotations": {**notes, LAST_APPLIED: _written(plain)}}}


def patch(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Object:
    """The merge patch that brings the live object to an `annotated` one; empty when it is so already.

    It stands on the live object's version: lists are replaced as a whole. Raises EvaluationError for a list that cannot be
    merged.
    """
    found = create_merge_patch(live, applied(wanted, live))
    if not found:
        return {}
    version = (live.get("metadata") or {}).get("resourceVersion")
    return {**found, "metadata": {**(found.get("metadata") or {}), "resourceVersion": version}}


def title(key: Key) -> str:
    """How kubectl names an object in what it prints: `deployment.apps/web`."""
    kind = key.kind.lower()
    return f"{kind}.{key.group}/{key.name}" if key.group else f"{kind}/{key.name}"


def _written(value: Mapping[str, Any]) -> str:
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    for raw, escaped in _ESCAPED.items():
        text = text.replace(raw, escaped)
    return text.decode() + "\n"
