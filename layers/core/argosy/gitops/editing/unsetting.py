"""The flags of `argocd app unset`: what each takes out of a source.

In: a source as JSON, and what to take out. Out: whether anything was. Follows `unset` of `cmd/argocd/commands/app.go` in
Argo CD 3.6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from argosy.gitops.editing.puts import field, without

__all__ = ["ENTRIES", "FIELDS", "unset"]

type Json = dict[str, Any]

FIELDS: Final[Mapping[str, str]] = {
    "nameprefix": "kustomize.namePrefix",
    "namesuffix": "kustomize.nameSuffix",
    "kustomize_version": "kustomize.version",
    "kustomize_namespace": "kustomize.namespace",
    "ignore_missing_components": "kustomize.ignoreMissingComponents",
    "values_literal": "helm.values",
    "ignore_missing_value_files": "helm.ignoreMissingValueFiles",
    "pass_credentials": "helm.passCredentials",
    "ref": "ref",
}
"""Flags that take a field out."""

ENTRIES: Final[Mapping[str, str]] = {
    "parameter": "helm.parameters",
    "values": "helm.valueFiles",
    "kustomize_image": "kustomize.images",
    "kustomize_replica": "kustomize.replicas",
    "plugin_env": "plugin.env",
}
"""Flags that take entries out of a list: texts, or maps by their names."""


def unset(source: Json, fields: Collection[str], entries: Mapping[str, Collection[str]]) -> bool:
    """Take out the `FIELDS` and `ENTRIES` that are named; whether the source has changed."""
    before = repr(source)
    for flag in fields:
        without(source, FIELDS[flag].split("."))
    for flag, names in entries.items():
        parent, _, last = ENTRIES[flag].partition(".")
        found = (source.get(parent) or {}).get(last)
        if found:
            kept = [one for one in found if (one.get("name") if isinstance(one, dict) else one) not in names]
            field(ENTRIES[flag])(source, kept)
    if source.get("helm") == {}:
        del source["helm"]
    return repr(source) != before
