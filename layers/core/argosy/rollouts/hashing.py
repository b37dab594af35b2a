"""The hashes that name ReplicaSets and steps.

Follows `utils/hash/hash.go` and `utils/conditions/conditions.go` (ComputeStepHash) of Argo Rollouts: FNV-1a over compact
JSON, in the order of Go's structs, written in Kubernetes' alphabet that spells no words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from argosy.lang.fnv import fnv32a

__all__ = ["safe_text", "step_hash", "template_hash"]

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
_METADATA: Final = ("labels", "annotations")
_ARG: Final = ("name", "value", "valueFrom")
_ANALYSIS: Final = ("templates", "args", "dryRun", "measurementRetention", "analysisRunMetadata")
# Go's field order; a type of its own for each part whose order is not the alphabet's.
_ORDER: Final[Mapping[str, Sequence[str]]] = {
    "step": (
        "setWeight",
        "pause",
        "experiment",
        "analysis",
        "setCanaryScale",
        "setHeaderRoute",
        "setMirrorRoute",
        "plugin",
    ),
    "experiment": ("templates", "duration", "analyses", "dryRun", "analysisRunMetadata"),
    "templates": ("name", "specRef", "replicas", "metadata", "selector", "weight", "service"),
    "analyses": ("name", "templateName", "clusterScope", "args", "requiredForCompletion"),
    "analysis": _ANALYSIS,
    "analysisTemplates": ("templateName", "clusterScope"),
    "args": _ARG,
    "valueFrom": ("podTemplateHashValue", "fieldRef"),
    "setCanaryScale": ("weight", "replicas", "matchTrafficWeight"),
    "setHeaderRoute": ("name", "match"),
    "setMirrorRoute": ("name", "match", "percentage"),
    "match": ("method", "path", "headers", "headerName", "headerValue"),
    "headerValue": ("exact", "regex", "prefix"),
    "metadata": _METADATA,
    "analysisRunMetadata": _METADATA,
    "dryRun": ("metricName",),
    "measurementRetention": ("metricName", "limit"),
    "plugin": ("name", "config"),
}
# Structs that Go writes even when they are empty.
_ALWAYS: Final[Mapping[str, Sequence[str]]] = {
    "experiment": ("analysisRunMetadata",),
    "analysis": ("analysisRunMetadata",),
    "templates": ("metadata",),
}


def safe_text(value: int) -> str:
    """A number in Kubernetes' alphabet (rand.SafeEncodeString)."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


def template_hash(template: Mapping[str, Any], collisions: int | None) -> str:
    """The hash of a pod template; another one for each collision. Stable, and not Go's: it depends on key order there."""
    value = fnv32a(orjson.dumps(template, option=orjson.OPT_SORT_KEYS))
    if collisions is not None:
        value = fnv32a(collisions.to_bytes(4, "little", signed=True), value)
    return safe_text(value)


def step_hash(steps: Sequence[Mapping[str, Any]] | None) -> str:
    """The hash of canary steps as they are written."""
    return _step_hash(orjson.dumps(steps))


@lru_cache(maxsize=512)
def _step_hash(steps: bytes) -> str:
    """Kept: each turn asks for it, and steps are hardly ever changed."""
    read = orjson.loads(steps)
    ordered = None if read is None else [_ordered(one, "step") for one in read]
    return safe_text(fnv32a(orjson.dumps(ordered)))


def _ordered(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return [_ordered(one, kind) for one in value]
    if not isinstance(value, Mapping):
        return value
    order = _ORDER.get(kind)
    if order is None:
        return {name: value[name] for name in sorted(value)}
    always = _ALWAYS.get(kind, ())
    names = [name for name in order if name in always or not _omitted(value.get(name), required=kind == "experiment")]
    names += sorted(name for name in value if name not in order)
    return {name: _ordered(value.get(name, {}), _kind_of(kind, name)) for name in names}


def _kind_of(parent: str, name: str) -> str:
    return "analysisTemplates" if (parent, name) == ("analysis", "templates") else name


def _omitted(value: Any, *, required: bool) -> bool:
    """Whether Go leaves it out: nothing, or an empty value of a field that is no pointer."""
    if value is None or value is False or value == "":
        return True
    return value == [] and not required
