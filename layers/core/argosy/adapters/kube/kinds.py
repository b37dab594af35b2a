"""Which kinds an API server serves, asked per group and version when first needed.

In: apiVersion and kind. Out: `Served`, which knows the paths. Called by `client`; `DynamicClient` is given this in
place of its own `LazyDiscoverer` (kubernetes 37.0), which reads every group name at start and keeps what it found
in a file with a predictable name in the shared temporary folder, where any local user could lay one first. Here the
cache is in memory. A kind that is not in it is looked up once more, so that a definition installed meanwhile is
found.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argosy.ports.cluster import check_segment, unknown_kind

__all__ = ["Kinds", "Served"]

Fetch = Callable[[str], bytes | None]
"""Path → body of a GET, None when the server serves nothing there."""


@dataclass(frozen=True, slots=True)
class Served:
    """A kind and where its objects are."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def subject(self, namespace: str, name: str) -> str:
        """kind/namespace/name for messages, as far as there is one."""
        return "/".join(part for part in (self.kind, namespace if self.namespaced else "", name) if part)

    def all_path(self) -> str:
        """The collection over all namespaces."""
        return f"/{'apis' if '/' in self.api_version else 'api'}/{self.api_version}/{self.plural}"

    def collection_path(self, namespace: str) -> str:
        """The collection in a namespace. Raises `InvalidObject` for what cannot be one."""
        if not self.namespaced:
            return self.all_path()
        check_segment(namespace, "metadata.namespace", self.kind)
        return self.all_path().removesuffix(self.plural) + f"namespaces/{namespace}/{self.plural}"

    def object_path(self, namespace: str, name: str) -> str:
        """One object. Raises `InvalidObject` for names that would lead elsewhere."""
        return f"{self.collection_path(namespace)}/{check_segment(name, 'metadata.name', self.kind)}"


class Kinds:
    """The cache of one connection."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[str, dict[str, Served]] = {}

    def find(self, api_version: str, kind: str) -> Served:
        """The kind. Raises `NotFound` when it is not served."""
        known = self._known.get(api_version)
        if known is None or kind not in known:
            known = self._known[api_version] = self._read(api_version)
        if kind not in known:
            raise unknown_kind(api_version, kind)
        return known[kind]

    def forget(self, api_version: str) -> None:
        """Look again next time: the server said that it does not serve what was found before."""
        self._known.pop(api_version, None)

    def _read(self, api_version: str) -> dict[str, Served]:
        segments = [check_segment(one, "apiVersion", api_version) for one in api_version.split("/", 1)]
        body = self._fetch("/".join(["", "apis" if len(segments) == 2 else "api", *segments]))
        entries: list[dict[str, Any]] = json.loads(body).get("resources") or [] if body is not None else []
        return {
            entry["kind"]: Served(api_version, entry["kind"], entry["name"], entry["namespaced"])
            for entry in entries
            if "/" not in entry["name"]  # not a subresource
        }
