"""Rate limits of triggers, over all that carry out firings.

One row for each limited trigger (pk `limit/<namespace>/<sensor>`, sk the trigger) says when its next attempt may start;
who takes a slot moves it on, on condition of the version read. An attempt whose time is later is sent again with a delay:
nothing sleeps, and the order of what waits is the order in which it asked. A row that nobody has used for a day expires.
"""

from __future__ import annotations

from typing import Final

from argosy.errors import Conflict
from argosy.events.limits import slot
from argosy.events.sensors import Firing
from argosy.ports.clock import Clock
from argosy.ports.store import ABSENT, Put, Row, Store

__all__ = ["Limits"]

_TRIES: Final = 50
_KEEP_SECONDS: Final = 86_400.0


class Limits:
    """The rate limits of one installation."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def wait(self, firing: Firing) -> float:
        """Take the next slot of the firing's trigger; the seconds until then. Raises Conflict after too many lost races."""
        pk, sk = f"limit/{firing.namespace}/{firing.sensor}", firing.trigger
        for _ in range(_TRIES):
            now = self._clock.now().timestamp()
            row = self._store.get(pk, sk)
            start, free = slot(float(row.data["free"]) if row else 0.0, now, firing.apart)
            after = Row(pk, sk, {"free": free}, expires_at=free + _KEEP_SECONDS)
            try:
                self._store.write([Put(after, expect=row.version if row else ABSENT)])
            except Conflict:
                continue
            return start - now
        raise Conflict(f"rate limit of {pk}/{sk}: {_TRIES} lost races", delay=1)
