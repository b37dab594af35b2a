"""The flags of `argocd app unset`: what each takes out of a source.

In: a source as JSON, and what to take out. Out: whether anything was. Follows `unset` of `cmd/argocd/commands/app.go` in
Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from argosy.gitops.editing.puts import field, image_name, without

__all__ = ["ENTRIES", "FIELDS", "unset"]

type Json = dict[str, Any]

FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "nameprefix": ("kustomize.namePrefix",),
    "namesuffix": ("kustomize.nameSuffix",),
    "kustomize_version": ("kustomize.version",),
    "kustomize_namespace": ("kustomize.namespace",),
    "ignore_missing_components": ("kustomize.ignoreMissingComponents",),
    "values_literal": ("helm.values", "helm.valuesObject"),
    "ignore_missing_value_files": ("helm.ignoreMissingValueFiles",),
    "pass_credentials": ("helm.passCredentials",),
    "ref": ("ref",),
}
"""Flags that take fields out."""

ENTRIES: Final[Mapping[str, str]] = {
    "parameter": "helm.parameters",
    "values": "helm.valueFiles",
    "kustomize_image": "kustomize.images",
    "kustomize_replica": "kustomize.replicas",
    "plugin_env": "plugin.env",
}
"""Flags that take entries out of a list: texts, or maps by their names."""

_NAMES: Final[Mapping[str, Callable[[str], str]]] = {"kustomize_image": image_name}
"""By what the texts of a list are the same, where that is not all of them (KustomizeImage.Match)."""


def unset(source: Json, fields: Collection[str], entries: Mapping[str, Collection[str]]) -> bool:
    """Take out the `FIELDS` and `ENTRIES` that are named; whether the source has changed."""
    before = repr(source)
    for flag in fields:
        for path in FIELDS[flag]:
            without(source, path.split("."))
    for flag, names in entries.items():
        name = _NAMES.get(flag, str)
        gone = {name(one) for one in names}
        parent, _, last = ENTRIES[flag].partition(".")
        found = (source.get(parent) or {}).get(last)
        if found:
            kept = [one for one in found if (one.get("name") if isinstance(one, dict) else name(one)) not in gone]
            field(ENTRIES[flag])(source, kept)
    if source.get("helm") == {}:
        del source["helm"]
    return repr(source) != before
