"""Parameters that a repository itself gives: `.argocd-source.yaml` and `.argocd-source-<application>.yaml`.

In: `spec.source` and the texts of the two files; out: the source with their fields put in. Called before a render is
planned. Matches `mergeSourceParameters` of `reposerver/repository/repository.go` in Argo CD 3.6: maps are merged, lists
and scalars replaced, a null changes nothing, and where the source comes from stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from argosy.errors import InvalidObject
from argosy.resources.base import parse
from argosy.resources.manifests import Manifest, read_value
from argosy.resources.source import Source

__all__ = ["merged", "names"]

_KEPT: Final = ("repoURL", "path", "chart", "targetRevision")


def names(app: str) -> tuple[str, ...]:
    """The files in the source's folder that count, in order."""
    return (".argocd-source.yaml", *([f".argocd-source-{app}.yaml"] if app else []))


def merged(source: Source, files: Iterable[tuple[str, str]]) -> Source:
    """The source after the files, each given as name and text. Raises InvalidObject for one that does not fit."""
    result: dict[str, Any] = source.model_dump(by_alias=True, exclude_unset=True)
    kept = {key: result[key] for key in _KEPT if key in result}
    for name, text in files:
        try:
            given = read_value(text)
        except InvalidObject as x:
            raise InvalidObject(x.reason, file=name, line=x.line) from x
        if not isinstance(given, dict):
            raise InvalidObject("it holds no fields of spec.source", file=name)
        result = _merge(result, given)
        result = {key: value for key, value in result.items() if key not in _KEPT} | kept
        parse(Source, Manifest(result, file=name))
    return parse(Source, Manifest(result))


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for key, value in new.items():
        if value is None:
            continue
        known = old.get(key)
        if isinstance(value, dict):
            result[key] = _merge(known if isinstance(known, dict) else {}, value)
        else:
            result[key] = value
    return result
