"""Differences that do not count (`util/argo/normalizers/diff_normalizer.go`, `util/argo/diff/ignore.go`).

In: `spec.ignoreDifferences` of the application, `resource.customizations` of the settings. Out: objects without what is
ignored, on both sides of a comparison; and for one resource, all that is ignored of it. jq programs are run by the port
that is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from argosy.errors import EvaluationError
from argosy.gitops.identity import Key, key_of
from argosy.gitops.projects.patterns import glob_matches
from argosy.lang.patch import json_patch
from argosy.resources.application import IgnoreDifference

__all__ = ["IgnoreRules", "Ignored", "Programs", "ignored_of"]

type Object = dict[str, Any]
type Overrides = Mapping[str, Mapping[str, Any]]


class Programs(Protocol):
    """What runs jq; see `argosy.ports.jq`."""

    def check(self, program: str) -> None:
        """Raise EvaluationError for what is no jq."""
        ...

    def first(self, program: str, document: str) -> str:
        """The first output for a JSON text."""
        ...


@dataclass(frozen=True, slots=True)
class Ignored:
    """All that is ignored of one resource."""

    pointers: Sequence[str] = ()
    programs: Sequence[str] = ()
    managers: Sequence[str] = ()


class IgnoreRules:
    """The rules of an application; made once for a comparison.

    Raises EvaluationError for a jq path that is none. `overrides`: settings by `<group>/<kind>`, or `<kind>` in the
    core group.
    """

    def __init__(self, items: Sequence[IgnoreDifference], overrides: Overrides, jq: Programs) -> None:
        self._jq = jq
        self._all = [*items, *(_from_settings(key, body) for key, body in sorted(overrides.items()))]
        for one in self._all:
            for path in one.jq_path_expressions:
                jq.check(f"del({path})")

    def cleaned(self, obj: Mapping[str, Any]) -> Object:
        """The object without what is ignored. A path that is not there, or fails on this object, removes nothing."""
        key, found = key_of(obj), dict(obj)
        for one in self._all:
            if not _about(one, key):
                continue
            for pointer in one.json_pointers:
                found = self._without(found, pointer)
            for path in one.jq_path_expressions:
                found = self._deleted(found, path)
        return found

    def managers(self, key: Key) -> list[str]:
        """The writers whose fields of an object do not count."""
        found = [name for one in self._all if _about(one, key) for name in one.managed_fields_managers]
        return list(dict.fromkeys(found))

    @staticmethod
    def _without(obj: Object, pointer: str) -> Object:
        try:
            found = json_patch(obj, [{"op": "remove", "path": pointer}])
        except EvaluationError:
            return obj
        return found if isinstance(found, dict) else obj

    def _deleted(self, obj: Object, path: str) -> Object:
        try:
            found = orjson.loads(self._jq.first(f"del({path})", orjson.dumps(obj).decode()))
        except (EvaluationError, orjson.JSONDecodeError):
            return obj
        return found if isinstance(found, dict) else obj


def ignored_of(items: Sequence[IgnoreDifference], overrides: Overrides, key: Key) -> Ignored | None:
    """What is ignored of one resource, settings first; None for nothing."""
    chosen = [_from_settings(name, overrides[name]) for name in (key.setting, "*/*") if name in overrides]
    chosen += [one for one in items if _about(one, key)]
    if not chosen:
        return None
    return Ignored(
        list(dict.fromkeys(path for one in chosen for path in one.json_pointers)),
        list(dict.fromkeys(path for one in chosen for path in one.jq_path_expressions)),
        list(dict.fromkeys(name for one in chosen for name in one.managed_fields_managers)),
    )


def _from_settings(key: str, body: Mapping[str, Any]) -> IgnoreDifference:
    group, _, kind = key.rpartition("/")
    rules = body.get("ignoreDifferences") or {}
    return IgnoreDifference(
        group=group,
        kind=kind,
        json_pointers=rules.get("jsonPointers") or (),
        jq_path_expressions=rules.get("jqPathExpressions") or (),
        managed_fields_managers=rules.get("managedFieldsManagers") or (),
    )


def _about(one: IgnoreDifference, key: Key) -> bool:
    return (
        glob_matches(one.group, key.group)
        and glob_matches(one.kind, key.kind)
        and one.name in ("", key.name)
        and one.namespace in ("", key.namespace)
    )
