"""What the commands for objects work on: an installation's data directory, with or without an instance running on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from argosy.errors import NotFound
from argosy.local.assembly import assemble
from argosy.local.datadir import DataDir
from argosy.local.wake import Waker
from argosy.services.kinds import KINDS
from argosy.services.objects import kind_named
from argosy.services.queues import QUEUES
from argosy.services.status import with_status

__all__ = ["Installation"]


class Installation:
    """Objects and queues of a data directory; an instance that runs on it is woken when this is closed."""

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._embedded = assemble(data)
        self.objects = self._embedded.runtime.objects

    def find(self, kind: str, names: Sequence[str], namespace: str | None) -> list[dict[str, Any]]:
        """Objects with status by kind (a word as a user says it, or `all`), names (none = all) and namespace (None = all).

        Raises NotFound for an unknown kind and for a name that is not there.
        """
        if kind == "all":
            bodies = [body for known in KINDS for body in self.objects.listing(known, namespace)]
        elif names:
            if namespace is None:
                raise NotFound("a name and --all-namespaces do not go together")
            bodies = [self.objects.get(kind_named(kind), namespace, name) for name in names]
        else:
            bodies = self.objects.listing(kind_named(kind), namespace)
        return [with_status(self._embedded.store, body) for body in bodies]

    def queues(self) -> list[dict[str, Any]]:
        """Every queue with its depths."""
        found = []
        for spec in QUEUES:
            depth = self._embedded.queue.depth(spec.name)
            counts = {"visible": depth.visible, "inFlight": depth.in_flight, "delayed": depth.delayed}
            found.append({"kind": "Queue", "name": spec.name, **counts})
        return found

    def redrive(self, queue: str) -> int:
        """Send a queue's dead letters back to it; how many. Raises NotFound for what is no queue with dead letters."""
        return self._embedded.queue.redrive(queue)

    def close(self) -> None:
        """Wake the running instance, if any, and close the files."""
        self._embedded.close()
        for process in ("gateway", "worker"):
            waker = Waker(self._data.pipe(process))
            waker.wake()
            waker.close()
