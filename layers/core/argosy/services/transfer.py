"""Declarations as they travel from one installation to another (`argosy admin export|import`, as `argocd admin` has it).

In: objects as an installation shows them. Out: manifests that any installation takes, and what an import would do. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from argosy.resources.manifests import Manifest

__all__ = ["Plan", "groups", "plan", "portable"]

_MADE_HERE: Final = ("uid", "creationTimestamp", "generation", "resourceVersion", "managedFields", "selfLink")
_GROUP_BYTES: Final = 2_000_000

type Key = tuple[str, str, str]
"""Kind, namespace, name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does: objects to apply, objects to delete, and how many are as they should be."""

    apply: Sequence[Manifest]
    delete: Sequence[Key]
    unchanged: int


def portable(body: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what its installation has added: status, uid, times, counters."""
    metadata = {name: value for name, value in body["metadata"].items() if name not in _MADE_HERE}
    return {name: metadata if name == "metadata" else value for name, value in body.items() if name != "status"}


def plan(present: Iterable[Mapping[str, Any]], wanted: Iterable[Manifest], namespace: str, *, prune: bool) -> Plan:
    """What brings `present` to `wanted`; `namespace` is for what names none, `prune` deletes what is not wanted."""
    there = {_key(body): portable(body) for body in present}
    given = {(one.kind, one.namespace or namespace, one.name): one for one in wanted}
    different = [one for key, one in given.items() if there.get(key) != _placed(one, namespace)]
    gone = [key for key in there if key not in given] if prune else []
    return Plan(different, gone, len(given) - len(different))


def groups(manifests: Iterable[Manifest]) -> Iterable[list[Manifest]]:
    """The manifests in parts of about two megabytes: what one request may carry."""
    part, size = list[Manifest](), 0
    for one in manifests:
        weight = len(repr(one.body))
        if part and size + weight > _GROUP_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += weight
    if part:
        yield part


def _key(body: Mapping[str, Any]) -> Key:
    metadata = body["metadata"]
    return body["kind"], metadata["namespace"], metadata["name"]


def _placed(manifest: Manifest, namespace: str) -> dict[str, Any]:
    body = portable(manifest.body)
    body["metadata"] = {**body["metadata"], "namespace": manifest.namespace or namespace}
    return body
