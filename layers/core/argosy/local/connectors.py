"""The connectors of `argosy up`, in its worker process: one thread with one event loop for all lines of its declarations.

Lines of other clusters run in those clusters' agents. The declarations' version is looked at every second; without any
line nothing is connected, and no client library is imported.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import Final

from argosy.adapters.brokers import LibraryBrokers
from argosy.control.lines import Line, Taken
from argosy.errors import ArgosyError
from argosy.local.assembly import Embedded
from argosy.services.agents.registry import HOME
from argosy.services.connecting import Connecting
from argosy.services.connections import Connections
from argosy.services.queues import BUS

__all__ = ["LocalConnectors"]

_LOOK_SECONDS: Final = 1.0
_END_SECONDS: Final = 10.0
_log = logging.getLogger("argosy.local")


class LocalConnectors:
    """See the module."""

    def __init__(self, embedded: Embedded) -> None:
        self._embedded = embedded
        self._connections = Connections(embedded.runtime)
        self._problems: dict[str, str] = {}
        self._changed = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._main, name="connectors", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of all connections: what was taken is on the bus, or is not acknowledged."""
        self._stop.set()
        self._thread.join(_END_SECONDS)

    def _main(self) -> None:
        while not self._stop.is_set():
            try:
                asyncio.run(self._run())
            except Exception as x:  # noqa: BLE001 - without this thread all connectors would be silent
                _log.error("connectors: %r; they are started again", x)
                self._stop.wait(_LOOK_SECONDS)

    async def _run(self) -> None:
        given = self._embedded
        connecting = Connecting(LibraryBrokers(), given.patient_secrets, self._deliver, self._tell)
        known = -1
        self._problems, self._changed = {}, True
        try:
            while not self._stop.is_set():
                try:
                    version = await asyncio.to_thread(self._connections.refresh)
                    if version != known:
                        lines = self._connections.lines(HOME)
                        connecting.want(lines)
                        self._forget({line.key for line in lines})
                        known = version
                    await self._write()
                except ArgosyError as x:
                    _log.error("connectors: %s", x)
                await asyncio.to_thread(self._stop.wait, _LOOK_SECONDS)
        finally:
            await connecting.close()

    def _forget(self, keys: set[str]) -> None:
        for key in self._problems.keys() - keys:
            del self._problems[key]
            self._changed = True

    def _tell(self, line: Line, problem: str) -> None:
        before = self._problems.get(line.key)
        if before == problem:
            return
        self._problems[line.key] = problem
        self._changed = True
        if problem:
            _log.warning("event source %s: %s", line.key, problem)
        elif before:
            _log.info("event source %s: connected", line.key)

    async def _write(self) -> None:
        if self._changed:
            self._changed = False
            try:
                await asyncio.to_thread(self._connections.told, HOME, dict(self._problems))
            except ArgosyError:
                self._changed = True
                raise

    async def _deliver(self, line: Line, events: Sequence[Taken]) -> None:
        await asyncio.to_thread(self._send, line, events)

    def _send(self, line: Line, events: Sequence[Taken]) -> None:
        self._connections.refresh()
        messages = self._connections.messages(HOME, line.key, events)
        if messages:
            self._embedded.queue.send(BUS, messages)
