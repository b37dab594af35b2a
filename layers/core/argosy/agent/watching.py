"""The watching half of the agent: one reflector for each scope of the subscription, all on one event loop.

`subscribe` and `report` come from the worker's threads; the loop does them when it turns. A new subscription leaves the
scopes alone that it has in common with the old one.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from argosy.agent.changes import Changes
from argosy.agent.reflector import Counts, Reflector
from argosy.agent.values import Values
from argosy.control.agents.normal import pruned
from argosy.control.agents.reports import Item, Seen
from argosy.control.agents.scopes import Subscription, Wanted
from argosy.control.agents.values import Told
from argosy.errors import ArgosyError
from argosy.ports.cluster import Cluster, ServedKind
from argosy.ports.sealing import Sealer
from argosy.ports.watching import Scope, Watcher

__all__ = ["ClusterWatching"]

_FEW: Final = 20
"""Up to as many objects are read one by one; more are picked from a list."""

_PAGE: Final = 200
_KINDS_SECONDS: Final = 2.0
_log = logging.getLogger("argosy.agent")


class ClusterWatching:
    """See `agent.work.Watching`. `name`: the cluster's at the hub; `inventory` and `tell` send to the hub."""

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        watcher: Watcher,
        changes: Changes,
        inventory: Callable[[Seen], Awaitable[None]],
        sealer: Sealer,
        tell: Callable[[Told], Awaitable[None]],
        ask_seconds: float = 30.0,
    ) -> None:
        self._cluster, self._watcher, self._changes, self._inventory = cluster, watcher, changes, inventory
        self._loop = asyncio.get_running_loop()
        self._running: dict[Wanted, tuple[Reflector, asyncio.Task[None]]] = {}
        self._side: set[asyncio.Task[None]] = set()
        self._kinds: dict[tuple[str, str], ServedKind] = {}
        self._kinds_at = -_KINDS_SECONDS
        self._asking = asyncio.Lock()
        self._own_key = secrets.token_hex()
        self.changed = asyncio.Event()
        self.lines_changed = asyncio.Event()
        self.subscription = Subscription()
        self.counts = Counts()
        self.values = Values(name, cluster, watcher, sealer, self._find, tell, ask_seconds=ask_seconds)

    @property
    def http_namespaces(self) -> tuple[str, ...]:
        """See `Watching.http_namespaces`."""
        return self.subscription.http_namespaces

    @property
    def secret_key(self) -> str:
        """See `Watching.secret_key`.

        Before the first subscription one that nobody else has: drift of Secrets shows later.
        """
        return self.subscription.secret_key or self._own_key

    @property
    def states(self) -> dict[str, str]:
        """How each scope fares."""
        return {wanted.key: reflector.state for wanted, (reflector, _) in self._running.items()}

    @property
    def objects(self) -> int:
        """How many objects are in view."""
        return sum(len(reflector.known) for reflector, _ in self._running.values())

    def subscribe(self, body: Mapping[str, Any]) -> None:
        """See `Watching.subscribe`."""
        subscription = Subscription.from_json(body)
        self._loop.call_soon_threadsafe(self._take, subscription)

    def report(self, body: Mapping[str, Any]) -> None:
        """See `Watching.report`: `scope` is its key, `objects` a list of [type, namespace, name, uid]."""
        scope, objects = str(body["scope"]), [tuple(map(str, one)) for one in body["objects"]]
        self._loop.call_soon_threadsafe(self._spawn, scope, objects)

    def stop(self) -> None:
        """End all watches."""
        self.values.stop()
        for _, task in self._running.values():
            task.cancel()
        for task in self._side:
            task.cancel()

    def _take(self, subscription: Subscription) -> None:
        self.values.change(subscription.values, subscription.seal_key)
        if subscription.lines != self.subscription.lines:
            self.lines_changed.set()
        self._change(subscription)

    def _change(self, subscription: Subscription) -> None:
        self.changed.set()
        again = subscription.secret_key != self.subscription.secret_key
        self.subscription = subscription
        for wanted in [one for one in self._running if again or one not in subscription.scopes]:
            self._running.pop(wanted)[1].cancel()
        for wanted in subscription.scopes:
            if wanted not in self._running:
                reflector = Reflector(
                    wanted,
                    self._watcher,
                    self._changes,
                    subscription.secret_key,
                    self._find,
                    self._inventory,
                    self.counts,
                )
                self._running[wanted] = (reflector, asyncio.create_task(reflector.run(), name=wanted.key))

    async def _find(self, wanted: Wanted) -> ServedKind | None:
        """The kind of a scope; the cluster is asked again for one that it did not serve, every two seconds at most."""
        place = (wanted.api_version, wanted.resource)
        async with self._asking:
            if place not in self._kinds and self._loop.time() - self._kinds_at >= _KINDS_SECONDS:
                # Every version that is served, since a manifest may name one that its group does not prefer.
                found = await asyncio.to_thread(self._cluster.kinds)
                self._kinds = {(one.api_version, one.plural): one for one in found}
                self._kinds_at = self._loop.time()
        return self._kinds.get(place)

    def _spawn(self, scope: str, objects: Sequence[tuple[str, ...]]) -> None:
        task = asyncio.create_task(self._send(scope, objects))
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    async def _send(self, key: str, objects: Sequence[tuple[str, ...]]) -> None:
        """Report objects as they are now; one that is gone by now is told of by its watch."""
        wanted = next((one for one in self._running if one.key == key), None)
        kind = await self._find(wanted) if wanted is not None else None
        if wanted is None or kind is None:
            return
        types = {uid: how for how, _, _, uid in objects}
        scope = Scope(kind, wanted.namespace, wanted.labels)
        try:
            if len(objects) <= _FEW:
                for how, namespace, name, uid in objects:
                    one = Scope(kind, namespace, wanted.labels, f"metadata.name={name}")
                    for obj in (await self._watcher.page(one, limit=1)).items:
                        await self._put(wanted, how if obj["metadata"]["uid"] == uid else "ADDED", obj)
                return
            token = ""
            while True:
                page = await self._watcher.page(scope, limit=_PAGE, token=token)
                for obj in page.items:
                    if obj["metadata"]["uid"] in types:
                        await self._put(wanted, types[obj["metadata"]["uid"]], obj)
                if not (token := page.token):
                    return
        except ArgosyError as x:
            # The hub will find them missing at the next inventory: the scope is listed anew.
            _log.warning("objects of %s could not be reported: %s", wanted.resource, x)
            self._restart(wanted)

    async def _put(self, wanted: Wanted, how: str, obj: Mapping[str, Any]) -> None:
        body = pruned(obj, self.subscription.secret_key, whole=not wanted.coalesced)
        await self._changes.put(wanted, Item.of(wanted.key, how, body), body)

    def _restart(self, wanted: Wanted) -> None:
        if wanted in self._running:
            self._running.pop(wanted)[1].cancel()
            self._change(self.subscription)
