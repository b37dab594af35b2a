"""What became of events and firings, kept beside the sensor: counters, the last failure, and failed firings for a week.

Counters are gathered over a batch and written once for each sensor and trigger (pk `outcomes/<namespace>/<sensor>`, sk
the trigger, or `dependency/<name>` for filters that failed). A firing that failed for good has a row of its own (pk
`failures/<namespace>/<sensor>`, sk `<time>/<firing>`) that expires after seven days.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from argosy.errors import ArgosyError
from argosy.ports.clock import Clock, stamp
from argosy.ports.store import Put, Row, Store

__all__ = ["Outcomes", "sensor_status"]

_KEEP_SECONDS = 7 * 86_400.0
_MAX_REASON = 2_000
_log = logging.getLogger("argosy.services")


class Outcomes:
    """Gathers outcomes of batches and writes them, at most once in `every` seconds unless told to.

    On AWS nothing lasts beyond an invocation and `every` is 0; the embedded runtime writes once a second.
    """

    def __init__(self, store: Store, clock: Clock, every: float = 0.0) -> None:
        self._store, self._clock, self._every = store, clock, every
        self._gathered: dict[tuple[str, str], tuple[dict[str, float], dict[str, Any]]] = {}
        self._mutex = threading.Lock()
        self._written = 0.0

    def fired(self, namespace: str, sensor: str, trigger: str, now: datetime) -> None:
        """A firing was carried out."""
        self._note(namespace, sensor, trigger, "fired", {"lastFiredAt": now})

    def failed_attempt(self, namespace: str, sensor: str, trigger: str, reason: str, now: datetime) -> None:
        """An attempt failed and will be repeated."""
        self._note(
            namespace,
            sensor,
            trigger,
            "failedAttempts",
            {"lastFailureAt": now, "lastFailure": reason[:_MAX_REASON]},
        )

    def failed(
        self,
        namespace: str,
        sensor: str,
        trigger: str,
        reason: str,
        now: datetime,
        firing: str,
        events: Mapping[str, str],
    ) -> None:
        """A firing failed for good; its own row is written at once."""
        self._note(namespace, sensor, trigger, "failed", {"lastFailureAt": now, "lastFailure": reason[:_MAX_REASON]})
        data = {
            "trigger": trigger,
            "firing": firing,
            "events": dict(events),
            "reason": reason[:_MAX_REASON],
            "at": stamp(now),
        }
        row = Row(
            f"failures/{namespace}/{sensor}", f"{stamp(now)}/{firing}", data, expires_at=now.timestamp() + _KEEP_SECONDS
        )
        self._keep(partial(self._store.write, [Put(row)]))

    def dropped(self, namespace: str, sensor: str, dependency: str, reason: str, event: str, now: datetime) -> None:
        """A filter could not decide and the event was dropped for this dependency."""
        put = {"lastDroppedAt": now, "lastDropped": f"event {event}: {reason}"[:_MAX_REASON]}
        self._note(namespace, sensor, f"dependency/{dependency}", "dropped", put)

    def write(self, *, now: bool = False) -> None:
        """Write what was gathered, if it is time or `now` is set."""
        time = self._clock.now().timestamp()
        if not now and time - self._written < self._every:
            return
        with self._mutex:
            gathered, self._gathered, self._written = self._gathered, {}, time
        for (pk, sk), (add, put) in gathered.items():
            told = {name: stamp(value) if isinstance(value, datetime) else value for name, value in put.items()}
            self._keep(partial(self._store.tally, pk, sk, add, told))

    @staticmethod
    def _keep(write: Callable[[], None]) -> None:
        """Bookkeeping that fails is told and nothing else: what it tells of has been done and must not be done again."""
        try:
            write()
        except ArgosyError as x:
            _log.error("an outcome could not be kept: %s", x)

    def _note(self, namespace: str, sensor: str, sk: str, counter: str, put: Mapping[str, Any]) -> None:
        with self._mutex:
            add, known = self._gathered.setdefault((f"outcomes/{namespace}/{sensor}", sk), ({}, {}))
            add[counter] = add.get(counter, 0) + 1
            known.update(put)


def sensor_status(store: Store, namespace: str, sensor: str, limit: int = 20) -> dict[str, Any]:
    """Status of a sensor: per trigger its counters and last failure, per dependency its drops, the last failed firings."""
    triggers: dict[str, Any] = {}
    dependencies: dict[str, Any] = {}
    for row in store.query(f"outcomes/{namespace}/{sensor}"):
        target, name = (
            (dependencies, row.sk.removeprefix("dependency/"))
            if row.sk.startswith("dependency/")
            else (triggers, row.sk)
        )
        target[name] = dict(row.data)
    failures = [dict(row.data) for row in store.query(f"failures/{namespace}/{sensor}", limit=limit, newest_first=True)]
    status: dict[str, Any] = {"triggers": triggers}
    if dependencies:
        status["dependencies"] = dependencies
    if failures:
        status["failures"] = failures
    return status
