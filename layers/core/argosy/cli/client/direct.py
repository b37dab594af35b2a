"""The direct way: the data directory of this machine, with nothing running on it, or with an instance whose API is not open.

Everything goes through the services that the API's routes use. An instance that runs is woken when this is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from argosy.cli.client import Moved, ObjectKey, Seen
from argosy.local.assembly import assemble
from argosy.local.datadir import DataDir
from argosy.local.token import local_actor
from argosy.local.wake import Waker
from argosy.problems import error_of
from argosy.resources.manifests import Manifest
from argosy.services.agents.administration import Administration, Change
from argosy.services.agents.registry import Entry
from argosy.services.applied import Applied
from argosy.services.explaining import why
from argosy.services.history import instant, listed, shown
from argosy.services.replays import asked
from argosy.services.views import MAX_WAIT, fingerprint
from argosy.services.wiring import connections

__all__ = ["Direct"]

_PAGE = 500


class Direct:
    """See `Client`."""

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._embedded = assemble(data)
        self._runtime = self._embedded.runtime
        self._actor = local_actor()

    def apply(self, manifests: Sequence[Manifest], namespace: str) -> list[Applied]:
        """See `Client.apply`."""
        return self._runtime.objects.apply(manifests, namespace, actor=self._actor)

    def delete(self, objects: Sequence[ObjectKey]) -> list[Applied]:
        """See `Client.delete`."""
        return self._runtime.objects.delete(objects, actor=self._actor)

    def one(self, kind: str, namespace: str, name: str, *, since: str = "") -> Seen:
        """See `Client.one`."""
        views = self._runtime.views
        if since:
            views.wait(lambda: fingerprint(views.one(kind, namespace, name)), since, MAX_WAIT)
        body = views.one(kind, namespace, name)
        return Seen([body], fingerprint(body))

    def listing(self, kind: str, namespace: str | None, *, since: str = "") -> Seen:
        """See `Client.listing`."""
        views = self._runtime.views
        if since:
            views.wait(views.version, since, MAX_WAIT)
        page = views.page(kind, namespace, limit=_PAGE)
        items, version = page.items, page.version
        while page.next:
            page = views.page(kind, namespace, after=page.next, limit=_PAGE)
            items += page.items
        return Seen(items, version)

    def connections(self) -> list[dict[str, Any]]:
        """See `Client.connections`."""
        return [{"kind": "Connection", **each} for each in connections(self._runtime.store)]

    def queues(self) -> list[dict[str, Any]]:
        """See `Client.queues`."""
        found = []
        for spec in self._runtime.queues:
            depth = self._runtime.queue.depth(spec.name)
            counts = {"visible": depth.visible, "inFlight": depth.in_flight, "delayed": depth.delayed}
            found.append({"kind": "Queue", "name": spec.name, **counts, "deadLetters": spec.dlq})
        return found

    def redrive(self, queue: str, moved: Moved) -> int:
        """See `Client.redrive`."""
        operation = self._runtime.operations.redrive(queue, self._actor)
        while operation.status == "running":
            moved(operation.moved, operation.total)
            operation = self._runtime.operations.carry_on(operation.id)
        if operation.error is not None:
            raise error_of(operation.error)
        return operation.moved

    def events(self, namespace: str, since: str, until: str, limit: int) -> list[dict[str, Any]]:
        """See `Client.events`."""
        now = self._runtime.clock.now()
        start, end = instant(since, now), instant(until or "0s", now)
        return listed(self._runtime.store, namespace, start, end, limit)[:limit]

    def event(self, namespace: str, event: str) -> dict[str, Any]:
        """See `Client.event`."""
        return shown(self._runtime.store, namespace, event)

    def why(self, namespace: str, sensor: str, event: str) -> dict[str, Any]:
        """See `Client.why`."""
        return why(self._runtime, namespace, sensor, event)

    def replay(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """See `Client.replay`."""
        return asked(self._runtime, request, self._actor)

    def clusters(self) -> list[dict[str, Any]]:
        """See `Client.clusters`."""
        return [{"kind": "Cluster", **one.as_json()} for one in Administration(self._runtime).listing()]

    def cluster(self, name: str) -> dict[str, Any]:
        """See `Client.cluster`."""
        return {"kind": "Cluster", **Administration(self._runtime).one(name).as_json()}

    def add_cluster(self, entry: Entry, *, replaces: bool) -> dict[str, Any]:
        """See `Client.add_cluster`."""
        return Administration(self._runtime).add(entry, self._actor, replaces=replaces).as_json()

    def change_cluster(self, name: str, change: Change) -> dict[str, Any]:
        """See `Client.change_cluster`."""
        return Administration(self._runtime).change(name, change, self._actor).as_json()

    def remove_cluster(self, name: str) -> None:
        """See `Client.remove_cluster`."""
        Administration(self._runtime).remove(name, self._actor)

    def agent_keys(self) -> list[str]:
        """See `Client.agent_keys`."""
        return Administration(self._runtime).keys()

    def close(self) -> None:
        """See `Client.close`."""
        self._embedded.close()
        for process in ("gateway", "worker"):
            waker = Waker(self._data.pipe(process))
            waker.wake()
            waker.close()
