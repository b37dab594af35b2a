"""Which object an object is: group, kind, namespace and name (`gitops-engine/pkg/utils/kube/kube.go`, `ResourceKey`).

In: objects as decoded JSON. Out: keys by which targets, live objects, tracking ids and settings find each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Key", "group_version", "key_of"]


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """An object of a cluster; `namespace` is "" for what has none."""

    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def setting(self) -> str:
        """How settings name the kind: `<group>/<kind>`, `<kind>` alone in the core group."""
        return f"{self.group}/{self.kind}" if self.group else self.kind

    @property
    def is_secret(self) -> bool:
        """Whether it is a Secret of the core group, whose values are nobody's."""
        return (self.group, self.kind) == ("", "Secret")

    def __str__(self) -> str:
        return f"{self.group}/{self.kind}/{self.namespace}/{self.name}"


def group_version(obj: Mapping[str, Any]) -> tuple[str, str]:
    """The two parts of `apiVersion`; the core group is ""."""
    group, slash, version = str(obj.get("apiVersion") or "").rpartition("/")
    return (group, version) if slash else ("", version)


def key_of(obj: Mapping[str, Any]) -> Key:
    """The key of an object."""
    found = obj.get("metadata")
    metadata: Mapping[str, Any] = found if isinstance(found, (dict, Mapping)) else {}  # a dict is told quickly
    namespace, name = metadata.get("namespace") or "", metadata.get("name") or ""
    return Key(group_version(obj)[0], str(obj.get("kind") or ""), str(namespace), str(name))
