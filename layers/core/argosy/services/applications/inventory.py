"""What is live of an Application, as the mirror of its destination has it.

In: the targets' keys and versions, and the name that the Application's objects carry. Out: live objects by key. A kind that
nobody has listed completely yet cannot be told about: `blind`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from argosy.control.agents.scopes import MIRROR, Wanted
from argosy.control.keys import Key as Where
from argosy.gitops.identity import Key, key_of
from argosy.ports.store import Store
from argosy.services.agents.mirror import Copy, Mirror
from argosy.services.applications.fresh import Fresh
from argosy.services.applications.watching import Kind, tracked

__all__ = ["Inventory"]

type Object = Mapping[str, Any]
type Scopes = Mapping[str, tuple[Wanted, str]]


class Inventory:
    """One look at a cluster's mirror."""

    def __init__(self, store: Store, mirror: Mirror, scopes: Scopes, cluster: str, fresh: Fresh) -> None:
        """`scopes`: what `mirror.scopes` tells."""
        self._store, self._mirror, self._cluster, self._fresh = store, mirror, cluster, fresh
        self._scopes = {key: one for key, one in scopes.items() if one[0].purpose == MIRROR}
        self.blind: set[Kind] = set()
        self._as_of: dict[Key, int] = {}

    def live(self, instance: str, targets: Iterable[tuple[Kind, Key]]) -> dict[Key, Object]:
        """What is there of the targets, and all that carries the name."""
        wanted: dict[tuple[str, str, str], Key] = {}
        for kind, key in targets:
            scope = self._scope(kind, key.namespace)
            if scope is None:
                self.blind.add(kind)
            else:
                wanted[scope, key.namespace, key.name] = key
        ours = [place for place in tracked(self._store, self._cluster, instance) if place[0] in self._scopes]
        copies = self._mirror.find_all({*wanted, *ours})
        found: dict[Key, Object] = {}
        for place, key in wanted.items():
            self._take(found, key, copies.get(place), place[0])
        for place in ours:
            copy = copies.get(place)
            if place not in wanted and copy is not None and copy.object is not None:
                key = key_of(copy.object)
                if key not in found:
                    self._take(found, key, copy, place[0])
        return found

    def check(self, kinds: Iterable[Kind], namespaces: Iterable[str]) -> None:
        """Note what of these kinds is not seen in the namespaces; "" = everywhere."""
        places = list(namespaces)
        self.blind |= {kind for kind in kinds for place in places if self._scope(kind, place) is None}

    def unseen(self, written: Mapping[Key, int]) -> set[Key]:
        """What was written (key → resourceVersion) after all that is known of it; an object not told of yet seems gone."""
        return {key for key, version in written.items() if key in self._as_of and self._as_of[key] < version}

    def _take(self, found: dict[Key, Object], key: Key, copy: Copy | None, scope: str) -> None:
        newest = self._fresh.newest(Where(self._cluster, key.group, key.kind, key.namespace, key.name), copy)
        self._as_of[key] = max(int(self._scopes[scope][1] or 0), newest.version if newest is not None else 0)
        if newest is not None and newest.object is not None:
            found[key] = newest.object

    def _scope(self, kind: Kind, namespace: str) -> str | None:
        for place in dict.fromkeys(("", namespace if kind.namespaced else "")):
            key = kind.scope(place).key
            if key in self._scopes and self._scopes[key][1]:
                return key
        return None
