"""The hub's copy of what an agent watches: one row an object (pk `mirror/<cluster>/<scope>`, sk `namespace/name`).

Written when an agent reports, always on condition of the version that was read. `uid` and `rv` are of the last report,
`gone` marks one that was deleted: it stays for a day, so that a report that comes twice is known for what it is. The
object lies in the row, above 100 KB in a blob. `scopes/<cluster>` holds what the agent watches, and the resourceVersion
of the last complete list, "" before there was one: a list is complete once all that was asked for because of it has come
(pk `awaited/<cluster>/<scope>`). Nothing here is the truth: the agent's next inventory mends whatever is wrong or lost.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from argosy.control.agents.reports import Item
from argosy.control.agents.scopes import Wanted
from argosy.control.keys import wake_digest
from argosy.errors import ArgosyError, Conflict
from argosy.ports.blobs import Blobs
from argosy.ports.store import ABSENT, Delete, Put, Row, Store
from argosy.ports.storerules import write_in_parts

__all__ = ["Copy", "Listed", "Mirror", "scopes_of"]

_INLINE: Final = 100_000
_PAGE: Final = 100
_GONE_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Copy:
    """What is known of an object; `wake`: digest of what wakes its controller.

    `object` is None when it is gone, and when the blob that it lay in was swept (`lost`): it is there, but has to be asked
    for again.
    """

    uid: str
    version: int
    object: dict[str, Any] | None
    wake: str = ""
    row: int = ABSENT
    lost: bool = False

    def knows(self, item: Item) -> bool:
        """Whether a change is no news: it was processed before, or something newer was."""
        if item.uid != self.uid:
            return item.version < self.version and item.type != "DELETED"
        if item.type == "DELETED":
            return self.object is None and not self.lost
        return item.version < self.version or (item.version == self.version and not self.lost)


@dataclass(frozen=True, slots=True)
class Listed:
    """How far a scope has been listed.

    `complete`: resourceVersion of the last list of which everything has come, "" for none; what is not among the copies was
    not there then. `coming`: that of a list of which not everything has come, "" while it is compared, None for none.
    """

    wanted: Wanted
    complete: str = ""
    coming: str | None = None
    row: int = ABSENT


class Mirror:
    """The copies of one cluster."""

    def __init__(self, store: Store, blobs: Blobs, cluster: str) -> None:
        self._store, self._blobs, self.cluster = store, blobs, cluster

    def find(self, scope: str, namespace: str, name: str) -> Copy | None:
        """What is known of an object, None when nothing is."""
        row = self._store.get(self._pk(scope), f"{namespace}/{name}")
        return self._copy(row) if row is not None else None

    def find_all(self, places: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], Copy]:
        """The same of several, by (scope, namespace, name): those of which something is known."""
        keys = {(self._pk(scope), f"{namespace}/{name}"): (scope, namespace, name) for scope, namespace, name in places}
        return {keys[key]: self._copy(row) for key, row in self._store.find(keys).items()}

    def all(self, scope: str, namespace: str = "", name: str = "") -> Iterator[tuple[str, Copy]]:
        """(`namespace/name`, copy) of every object that is there; `name`: what its name in a namespace begins with.

        Read little by little, so that whoever wants but a few of them does not pay for all.
        """
        prefix, after, more = f"{namespace}/{name}" if namespace else "", "", True
        while more:
            rows = self._store.query(self._pk(scope), prefix, after=after, limit=_PAGE)
            for row in rows:
                copy = self._copy(row)
                if copy.object is not None or copy.lost:
                    yield row.sk, copy
            more, after = len(rows) == _PAGE, rows[-1].sk if rows else ""

    def put(self, item: Item, before: Copy | None, now: float) -> Put:
        """The write of a change, on condition of what was there."""
        gone = item.type == "DELETED"
        data: dict[str, Any] = {"uid": item.uid, "rv": item.version}
        if gone:
            data["gone"] = True
        elif item.object is not None:
            data |= self._kept(item.object) | {"wake": wake_digest(item.object)}
        expires = now + _GONE_SECONDS if gone else None
        row = Row(self._pk(item.scope), f"{item.namespace}/{item.name}", data, expires_at=expires)
        return Put(row, expect=before.row if before is not None else ABSENT)

    def forget(self, scope: str) -> None:
        """Remove all copies of a scope that nobody watches any more."""
        rows = [*self._store.query(self._pk(scope)), *self._store.query(self._awaited(scope))]
        write_in_parts(self._store, [Delete(row.pk, row.sk) for row in rows])
        self._store.write([Delete(self._scopes, scope)])

    def lists(self) -> dict[str, Listed]:
        """What is watched, by key, and how far it has been listed."""
        return {row.sk: _listed(row) for row in self._store.query(self._scopes)}

    def scopes(self) -> dict[str, tuple[Wanted, str]]:
        """What is watched: key → (scope, resourceVersion of the last complete list, "" = there was none)."""
        return scopes_of(self.lists())

    def watch(self, scopes: Iterable[Wanted]) -> None:
        """Note what is watched from now on; what was watched before and is not any more is forgotten."""
        wanted, known = {scope.key: scope for scope in scopes}, self.scopes()
        for key, scope in wanted.items():
            if key not in known:
                # Whoever was faster may have noted a list meanwhile, which must not be forgotten.
                with contextlib.suppress(Conflict):
                    self._store.write([Put(Row(self._scopes, key, {"wanted": _fields(scope)}), expect=ABSENT)])
        for key in known.keys() - wanted.keys():
            self.forget(key)

    def expect(self, known: Listed, version: int, places: Mapping[str, int]) -> None:
        """A list is complete as soon as these objects have come (`namespace/name` → resourceVersion), or newer ones.

        What has come meanwhile is not waited for.
        """
        scope, pk = known.wanted.key, self._awaited(known.wanted.key)
        # From here on what comes is taken from what is waited for, and completes nothing before all of that is written.
        self._note(replace(known, coming=""))
        before = {row.sk for row in self._store.query(pk)}
        write_in_parts(self._store, [Put(Row(pk, place, {"rv": rv})) for place, rv in sorted(places.items())])
        copies = {
            row.sk: self._copy(row) for row in self._store.find([(self._pk(scope), one) for one in places]).values()
        }
        there = {place for place, copy in copies.items() if copy.version >= places[place] and not copy.lost}
        write_in_parts(self._store, [Delete(pk, place) for place in sorted((before - places.keys()) | there)])
        self._note(replace(known, coming=str(version)))

    def arrived(self, items: Collection[Item]) -> list[Delete]:
        """The writes that objects have come that were waited for."""
        places = {(self._awaited(item.scope), f"{item.namespace}/{item.name}"): item.version for item in items}
        rows = self._store.find(places) if places else {}
        return [Delete(*key) for key, row in rows.items() if places[key] >= row.data.get("rv", 0)]

    def coming(self, scope: str) -> Listed | None:
        """A list that is not complete yet, and of which everything has come."""
        row = self._store.get(self._scopes, scope)
        known = _listed(row) if row is not None else None
        if known is None or not known.coming or self._store.query(self._awaited(scope), limit=1):
            return None
        return known

    def completed(self, known: Listed) -> None:
        """Everything of a list has come. Raises Conflict when another one is taken in meanwhile."""
        self._note(Listed(known.wanted, known.coming or ""), expect=known.row)

    def listed(self, scope: Wanted, version: int) -> None:
        """A complete list has come."""
        self._note(Listed(scope, str(version)))

    def _note(self, known: Listed, expect: int | None = None) -> None:
        data: dict[str, Any] = {"wanted": _fields(known.wanted)}
        data |= {"listed": known.complete} if known.complete else {}
        data |= {"listing": known.coming} if known.coming is not None else {}
        self._store.write([Put(Row(self._scopes, known.wanted.key, data), expect=expect)])

    @property
    def _scopes(self) -> str:
        return f"scopes/{self.cluster}"

    def _pk(self, scope: str) -> str:
        return f"mirror/{self.cluster}/{scope}"

    def _awaited(self, scope: str) -> str:
        return f"awaited/{self.cluster}/{scope}"

    def _kept(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        data = orjson.dumps(obj)
        if len(data) <= _INLINE:
            return {"object": obj}
        key = f"mirror/{hashlib.sha256(data).hexdigest()}"
        self._blobs.put(key, data)
        return {"blob": key}

    def _copy(self, row: Row) -> Copy:
        data = row.data
        obj: dict[str, Any] | None = None
        if not data.get("gone"):
            obj = data.get("object")
            if obj is None and "blob" in data:
                obj = self._loaded(data["blob"])
        lost = obj is None and not data.get("gone")
        return Copy(data["uid"], data["rv"], obj, data.get("wake", ""), row.version, lost)

    def _loaded(self, key: str) -> dict[str, Any] | None:
        """None when the blob was swept."""
        try:
            found: dict[str, Any] = orjson.loads(self._blobs.get(key))
        except ArgosyError:
            return None
        return found


def scopes_of(lists: Mapping[str, Listed]) -> dict[str, tuple[Wanted, str]]:
    """See `Mirror.scopes`."""
    return {key: (one.wanted, one.complete) for key, one in lists.items()}


def _listed(row: Row) -> Listed:
    data = row.data
    return Listed(Wanted(*data["wanted"]), str(data.get("listed", "")), data.get("listing"), row.version)


def _fields(scope: Wanted) -> list[str]:
    return [scope.group, scope.version, scope.resource, scope.namespace, scope.labels, scope.purpose]
