"""The Applications of a cluster that are ours to decide on, as its agent has told them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Final

from argosy.control.agents.scopes import Wanted
from argosy.control.keys import Key
from argosy.resources.application import Application
from argosy.resources.definitions import GROUP
from argosy.services.agents.mirror import Mirror
from argosy.services.agents.registry import Entry
from argosy.services.applications.watching import is_ours, takes

if TYPE_CHECKING:
    from argosy.services.runtime import Runtime

__all__ = ["declared", "those_of"]

_AT_ONCE: Final = 200


def declared(runtime: Runtime, entry: Entry) -> Iterator[tuple[Key, Application]]:
    """All that can be read; whoever looks at one whose fields have other types tells so in its status."""
    mirror = Mirror(runtime.store, runtime.blobs, entry.name)
    for scope, _ in mirror.scopes().values():
        if not (is_ours(scope) and scope.resource == "applications"):
            continue
        for place, copy in mirror.all(scope.key):
            namespace, _, name = place.partition("/")
            if copy.object is None or not takes(entry, namespace):
                continue
            try:
                yield Key(entry.name, GROUP, "Application", namespace, name), Application.of(copy.object)
            except ValueError:
                continue


def those_of(runtime: Runtime, entry: Entry, keys: Iterable[Key]) -> Iterator[tuple[Key, Application]]:
    """Of some Applications those that are a cluster's, and can be read. Of their status `sync` alone: there may be many."""
    mirror = Mirror(runtime.store, runtime.blobs, entry.name)
    scopes = [one for one, _ in mirror.scopes().values() if is_ours(one) and one.resource == "applications"]
    for some in batched(_ours(entry, keys, scopes), _AT_ONCE, strict=False):
        copies = mirror.find_all([place for _, place in some])
        for key, place in some:
            body = copies[place].object if place in copies else None
            if body is None:
                continue
            sync = (body.get("status") or {}).get("sync") or {}
            try:
                yield key, Application.of({**body, "status": {"sync": sync}})
            except ValueError:
                continue


def _ours(entry: Entry, keys: Iterable[Key], scopes: Sequence[Wanted]) -> Iterator[tuple[Key, tuple[str, str, str]]]:
    """Those of the cluster whose namespace counts, each with where its copy is."""
    for key in keys:
        scope = next((one for one in scopes if one.namespace in ("", key.namespace)), None)
        if key.cluster == entry.name and scope is not None and takes(entry, key.namespace):
            yield key, (scope.key, key.namespace, key.name)
