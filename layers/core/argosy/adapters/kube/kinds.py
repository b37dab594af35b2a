"""Which kinds an API server serves, asked per group and version when first needed, or all at once.

In: apiVersion and kind. Out: `Served`, which knows the paths. Called by `direct`; `DynamicClient` is given this in
place of its own `LazyDiscoverer` (kubernetes 37.0), which reads every group name at start and keeps what it found
in a file with a predictable name in the shared temporary folder, where any local user could lay one first. Here the
cache is in memory. A kind that is not in it is looked up once more, so that a definition installed meanwhile is
found.

All kinds at once are asked as kubectl asks (aggregated discovery, `apidiscovery.k8s.io/v2`): two requests whatever the
number of groups.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from argosy.ports.cluster import ServedKind, check_segment, unknown_kind

__all__ = ["Kinds", "Served"]

Fetch = Callable[[str, str], bytes | None]
"""(path, Accept header) → body of a GET, None when the server serves nothing there."""

_JSON: Final = "application/json"
_AGGREGATED: Final = f"{_JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,{_JSON}"


@dataclass(frozen=True, slots=True)
class Served(ServedKind):
    """A kind and where its objects are."""

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

    def object_path(self, namespace: str, name: str, subresource: str = "") -> str:
        """One object. Raises `InvalidObject` for names that would lead elsewhere."""
        path = f"{self.collection_path(namespace)}/{check_segment(name, 'metadata.name', self.kind)}"
        return f"{path}/{check_segment(subresource, 'subresource', self.kind)}" if subresource else path


class Kinds:
    """The cache of one connection."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._known: dict[str, dict[str, Served]] = {}

    def find(self, api_version: str, kind: str) -> Served:
        """The kind. Raises `NotFound` when it is not served."""
        known = self._known.get(api_version)
        if known is None or kind not in known:
            known = self._known[api_version] = {one.kind: one for one in self._read(api_version)}
        if kind not in known:
            raise unknown_kind(api_version, kind)
        return known[kind]

    def forget(self, api_version: str) -> None:
        """Look again next time: the server said that it does not serve what was found before."""
        self._known.pop(api_version, None)

    def all(self) -> Sequence[Served]:
        """Every kind in the version that its group prefers, with the others; groups that do not answer are left out."""
        answers = (self._fetch("/api", _AGGREGATED), self._fetch("/apis", _AGGREGATED))
        told = [json.loads(body) for body in answers if body is not None]
        if all(one.get("kind") == "APIGroupDiscoveryList" for one in told):
            return [served for one in told for group in one["items"] for served in _merged(_aggregated(group))]
        groups = [["v1"], *(_ordered(group) for one in told for group in one.get("groups") or ())]
        return [served for versions in groups for served in _merged(map(self._read, versions))]

    def _read(self, api_version: str) -> list[Served]:
        segments = [check_segment(one, "apiVersion", api_version) for one in api_version.split("/", 1)]
        body = self._fetch("/".join(["", "apis" if len(segments) == 2 else "api", *segments]), _JSON)
        entries: list[dict[str, Any]] = json.loads(body).get("resources") or [] if body is not None else []
        below: dict[str, set[str]] = {}
        for entry in entries:
            plural, _, subresource = entry["name"].partition("/")
            if subresource:
                below.setdefault(plural, set()).add(subresource)
        return [
            Served(
                api_version,
                entry["kind"],
                entry["name"],
                entry["namespaced"],
                frozenset(entry.get("verbs") or ()),
                frozenset(below.get(entry["name"], ())),
            )
            for entry in entries
            if "/" not in entry["name"]
        ]


def _ordered(group: Mapping[str, Any]) -> list[str]:
    """The versions of a group that is told the old way, the preferred one first."""
    preferred = group["preferredVersion"]["groupVersion"]
    told = (one["groupVersion"] for one in group.get("versions") or ())
    return [preferred, *(version for version in told if version != preferred)]


def _merged(versions: Iterable[Iterable[Served]]) -> Iterator[Served]:
    """The kinds of one group: each in the first version, which is the preferred one, that has it, with the others."""
    found: dict[str, list[Served]] = {}
    for version in versions:
        for one in version:
            found.setdefault(one.plural, []).append(one)
    for same in found.values():
        yield replace(same[0], versions=tuple(one.api_version for one in same))


def _aggregated(group: Mapping[str, Any]) -> Iterator[Iterator[Served]]:
    """The kinds of each version of a group, the preferred one first."""
    name = group["metadata"].get("name", "")
    for version in group["versions"]:
        if version.get("freshness") != "Stale":
            yield _of_version(f"{name}/{version['version']}" if name else version["version"], version)


def _of_version(api_version: str, version: Mapping[str, Any]) -> Iterator[Served]:
    for entry in version.get("resources") or []:
        kind = (entry.get("responseKind") or {}).get("kind")
        if kind:
            yield Served(
                api_version,
                kind,
                entry["resource"],
                entry["scope"] == "Namespaced",
                frozenset(entry.get("verbs") or ()),
                frozenset(one["subresource"] for one in entry.get("subresources") or ()),
            )
