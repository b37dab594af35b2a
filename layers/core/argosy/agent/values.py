"""Tells the hub values that declarations of the cluster name, or Applications need: Secrets sealed, ConfigMaps as they are.

Each object is read as the service account that its declaration names, so that a declaration reaches what its account
reaches, as where the hub stands next to the cluster (docs/decisions/0004); for that the agent needs no right on Secrets of
its own. What Applications need is read as the agent itself, and one watch tells of all that their namespace has
(docs/decisions/0014). When to read again is told by a watch of metadata, if the agent may have that; else it reads every
half minute, as often as it tells that it is alive. Values are kept for no longer than they are sealed; of what was told a
digest stays, so that nothing is told twice. As client-go's informers, all is told again now and then, should the hub have
lost it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from argosy.control.agents.reports import error_to_json
from argosy.control.agents.scopes import Wanted
from argosy.control.agents.values import CONFIG_MAP, CONTROL, EVERY, SECRET, Named, Place, Told, context_of
from argosy.errors import ArgosyError, Expired, InvalidObject, NotFound, Permanent
from argosy.ports.cluster import Cluster, ServedKind, ServiceAccount
from argosy.ports.sealing import Sealer
from argosy.ports.watching import Scope, Watcher

__all__ = ["Values"]

_MOST_BYTES: Final = 64_000
_WATCH_SECONDS: Final = 300
_AGAIN_SECONDS: Final = 1800.0
_MISSING_SECONDS: Final = 5.0
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0
_SECRETS: Final = Wanted("", "v1", "secrets")
_WANTED: Final = {SECRET: _SECRETS, CONTROL: _SECRETS, CONFIG_MAP: Wanted("", "v1", "configmaps")}
_log = logging.getLogger("argosy.agent")

type _Object = tuple[str, str, str]
type _Find = Callable[[Wanted], Awaitable[ServedKind | None]]
type _Pause = Callable[[float], Awaitable[None]]


class Values:
    """All that is named in cluster `name`; `tell` sends to the hub, `find` tells a kind. To be used on one loop."""

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        watcher: Watcher,
        sealer: Sealer,
        find: _Find,
        tell: Callable[[Told], Awaitable[None]],
        pause: _Pause = asyncio.sleep,
        *,
        ask_seconds: float = 30.0,
    ) -> None:
        """`ask_seconds`: how often an object is read that may not be watched."""
        self._with = (name, cluster, watcher, sealer, find, tell, pause, ask_seconds)
        self._running: dict[_Object, _Follower] = {}

    @property
    def states(self) -> dict[str, str]:
        """How each object fares."""
        return {"/".join(name): follower.state for name, follower in self._running.items()}

    def change(self, named: Sequence[Named], public: str) -> None:
        """Tell these from now on, sealed for `public`, and all of them anew."""
        wanted: dict[_Object, list[Named]] = {}
        for one in named:
            wanted.setdefault(_followed(one.place), []).append(one)
        for name in self._running.keys() - wanted.keys():
            self._running.pop(name).stop()
        for name, ones in wanted.items():
            if name not in self._running:
                self._running[name] = _Follower(name, *self._with)
            self._running[name].change(ones, public)

    def stop(self) -> None:
        """End all."""
        for follower in self._running.values():
            follower.stop()


def _followed(place: Place) -> _Object:
    """Whose changes are heard of: the object's, or all of a namespace (no name)."""
    return place.kind, place.namespace, "" if place.kind == CONTROL else place.name


class _Follower:
    """One object, or those of one namespace: a task that hears of changes, and one that reads and tells, one thing after the
    other."""

    def __init__(
        self,
        obj: _Object,
        name: str,
        cluster: Cluster,
        watcher: Watcher,
        sealer: Sealer,
        find: _Find,
        tell: Callable[[Told], Awaitable[None]],
        pause: _Pause,
        ask_seconds: float,
    ) -> None:
        self._obj, self._name, self._cluster, self._watcher, self._sealer = obj, name, cluster, watcher, sealer
        self._find, self._tell, self._pause, self._ask_seconds = find, tell, pause, ask_seconds
        self._named: Sequence[Named] = ()
        self._public = ""
        self._watching = False
        self._missing = False
        self._told: dict[Place, bytes] = {}
        self._dirty = asyncio.Event()
        self._names: set[str] | None = set()
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._serve())]
        self.state = "starting"

    def change(self, named: Sequence[Named], public: str) -> None:
        """What is to be told of it from now on; all of it is told anew."""
        self._named, self._public = named, public
        self._told.clear()
        self._look(None)

    def _look(self, name: str | None) -> None:
        """Read it soon; None = all that is named."""
        if name is None or self._names is None:
            self._names = None
        else:
            self._names.add(name)
        self._dirty.set()

    def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()

    async def _watch(self) -> None:
        """Hear of changes, or of why they cannot be heard of."""
        pause = _FIRST_PAUSE
        while True:
            try:
                scope = await self._scope()
                page = await self._watcher.page(scope, limit=1)
                self._watching, self.state = True, "watching"
                self._look(None)
                async for change in self._watcher.watch(scope, page.version, _WATCH_SECONDS):
                    if change.type != "BOOKMARK":
                        self._look(str(change.object["metadata"]["name"]))
                pause = _FIRST_PAUSE
            except Expired:
                continue
            except Permanent as x:
                self._watching, self.state = False, f"read every {self._ask_seconds:g} s: {x}"
                self._look(None)
                await self._pause(2 * self._ask_seconds)
            except Exception as x:  # noqa: BLE001 - who hears no more would tell old values without a word
                # Without the text of what is none of ours, which may hold anything.
                reason = str(x) if isinstance(x, ArgosyError) else type(x).__name__
                _log.info("the watch of %s was interrupted: %s", "/".join(self._obj), reason)
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _scope(self) -> Scope:
        kind, namespace, name = self._obj
        served = await self._find(_WANTED[kind])
        if served is None:
            raise NotFound(f"the cluster serves no {kind}")
        return Scope(served, namespace, fields=f"metadata.name={name}" if name else "", metadata=True)

    async def _serve(self) -> None:
        """Read and tell, when something has changed or may have."""
        pause = _FIRST_PAUSE
        while True:
            patience = _AGAIN_SECONDS if self._watching else self._ask_seconds
            if self._missing and not self._watching:
                patience = min(patience, _MISSING_SECONDS)
            try:
                await asyncio.wait_for(self._dirty.wait(), patience)
            except TimeoutError:
                self._names = None
                if self._watching:
                    self._told.clear()
            self._dirty.clear()
            names, self._names = self._names, set()
            try:
                for named in self._named:
                    if names is None or named.place.name in names:
                        await self._one(named)
                pause = _FIRST_PAUSE
            except Exception as x:  # noqa: BLE001 - as above
                reason = str(x) if isinstance(x, ArgosyError) else type(x).__name__
                _log.info("%s could not be read: %s; trying again", "/".join(self._obj), reason)
                await self._pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                self._look(None)

    async def _one(self, named: Named) -> None:
        """Tell what declarations name of the object, unless it is what was told last. Raises Retryable."""
        public = self._public
        found, problem = await self._read(named)
        seen = hashlib.blake2b(orjson.dumps([public, named.keys, found, problem], option=orjson.OPT_SORT_KEYS)).digest()
        if self._told.get(named.place) == seen:
            return
        keys = tuple(sorted(found))
        if problem is not None or not found:
            told = Told(named.place, problem=problem)
        elif named.place.kind == CONFIG_MAP:
            told = Told(named.place, keys, plain=found)
        else:
            context = context_of(self._name, named.place)
            told = Told(named.place, keys, self._sealer.seal(public, orjson.dumps(found), context))
        await self._tell(told)
        self._told[named.place] = seen

    async def _read(self, named: Named) -> tuple[dict[str, str], Mapping[str, Any] | None]:
        """The values of the keys that are there, as base64; or why there are none. Raises Retryable."""
        place = named.place
        try:
            found = _values(await asyncio.to_thread(self._object, place), named.keys)
            if sum(map(len, found.values())) > _MOST_BYTES and place.kind != CONFIG_MAP:
                raise InvalidObject(f"the values that are named of it are more than {_MOST_BYTES} bytes", obj=place.key)
        except Permanent as x:
            self._missing = isinstance(x, NotFound)
            return {}, error_to_json(x)
        self._missing = place.kind != CONTROL and len(found) < len(named.keys)
        return found, None

    def _object(self, place: Place) -> Mapping[str, Any]:
        if place.kind == CONTROL:
            return self._cluster.get("v1", "Secret", place.namespace, place.name)
        actor = self._cluster.acting_as(ServiceAccount(place.namespace, place.account))
        return actor.get("v1", place.kind, place.namespace, place.name)


def _values(obj: Mapping[str, Any], keys: Sequence[str]) -> dict[str, str]:
    if obj.get("kind") == CONFIG_MAP:
        texts = {key: base64.b64encode(str(text).encode()).decode() for key, text in (obj.get("data") or {}).items()}
        found = {**(obj.get("binaryData") or {}), **texts}
    else:
        found = obj.get("data") or {}
    return {key: str(found[key]) for key in (found if tuple(keys) == EVERY else keys) if key in found}
