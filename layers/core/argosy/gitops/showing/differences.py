"""A comparison as `argocd app diff` and `app manifests` show it.

In: what a comparison has found. Out: texts; values of Secrets are behind masks. Called by `argosy app diff` and `manifests`.
On purpose different: differences are shown as unified diffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from typing import Any

from argosy.gitops.annotations import LAST_APPLIED
from argosy.gitops.diff.compare import Comparison
from argosy.gitops.diff.secrets import masked
from argosy.gitops.identity import Key
from argosy.resources.yamlwriter import write_value

__all__ = ["changes", "documents", "texts"]

type Object = Mapping[str, Any]


def texts(pairs: Iterable[tuple[Key, Comparison]]) -> Iterator[tuple[str, str]]:
    """A title and a diff, from live to wanted, for each object that differs."""
    for key, found in pairs:
        text = _diff(key, found.live, found.predicted, ("live", "wanted"))
        if text:
            yield f"===== {key.group}/{key.kind} {key.namespace}/{key.name} ======", text


def changes(before: Mapping[Key, Object], after: Mapping[Key, Object]) -> Iterator[tuple[Key, str]]:
    """A diff for each object that two sets of manifests have otherwise, or one of them alone; in order of their keys."""
    for key in sorted(before.keys() | after.keys()):
        text = _diff(key, before.get(key), after.get(key), ("before", "after"))
        if text:
            yield key, text


def documents(objects: Iterable[tuple[Key, Object]]) -> Iterator[str]:
    """Objects as documents of YAML."""
    for key, body in objects:
        shown, _ = _masked(key, body, None)
        yield "---\n" + "".join(_written(shown))


def _diff(key: Key, old: Object | None, new: Object | None, names: tuple[str, str]) -> str:
    before, after = (_written(side) for side in _masked(key, old, new))
    lines = unified_diff(before, after, *names)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _masked(key: Key, live: Object | None, wanted: Object | None) -> tuple[Object | None, Object | None]:
    if key.is_secret:
        hidden, there = masked(wanted, live)
        return there, hidden
    return live, wanted


def _written(obj: Object | None) -> list[str]:
    """Without what kubectl and the API server keep for themselves."""
    if obj is None:
        return []
    metadata = {name: value for name, value in (obj.get("metadata") or {}).items() if name != "managedFields"}
    if LAST_APPLIED in (metadata.get("annotations") or {}):
        kept = {name: text for name, text in metadata.pop("annotations").items() if name != LAST_APPLIED}
        metadata |= {"annotations": kept} if kept else {}
    return write_value({**obj, "metadata": metadata}).splitlines(keepends=True)
