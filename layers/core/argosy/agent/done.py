"""Work that was done, for as long as it is good: the same work again is answered as before, and not done again.

Called by the worker from several threads. What it keeps is bounded: results are kept as texts, the oldest go first when
there is no room, and of those it is only known that the work was done.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from argosy.control.agents.reports import error_to_json
from argosy.errors import Permanent, Unavailable

__all__ = ["Done"]

_ROOM: Final = 8_000_000
_NOT_KEPT: Final = error_to_json(Permanent("it was done, and what came of it is no longer kept"))


class Done:
    """`room`: bytes of results."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room, self._size = room, 0
        self._running: set[str] = set()
        self._results: dict[str, tuple[datetime, bytes | None]] = {}
        self._mutex = threading.Lock()

    def begin(self, name: str) -> Mapping[str, Any] | None:
        """What came of the work, None when it is to be done now; `end` or `keep` follows then.

        Raises Unavailable while another thread does it.
        """
        with self._mutex:
            if name in self._running:
                raise Unavailable(f"work {name} is being done already")
            if name not in self._results:
                self._running.add(name)
                return None
            text = self._results[name][1]
        return orjson.loads(text) if text is not None else _NOT_KEPT

    def end(self, name: str) -> None:
        """It is no longer being done, and may be done again."""
        with self._mutex:
            self._running.discard(name)

    def keep(self, name: str, expires: datetime, result: Mapping[str, Any], now: datetime) -> None:
        """It was done. What has expired by now is forgotten: it would be refused."""
        text = orjson.dumps(result)
        with self._mutex:
            self._running.discard(name)
            self._results[name] = (expires, text)
            self._size += len(text)
            self._forget(now)
            self._make_room()

    def _forget(self, now: datetime) -> None:
        """In the order in which it was done, which is nearly that in which it expires."""
        for name, (expires, text) in list(self._results.items()):
            if expires > now:
                return
            self._size -= len(text or b"")
            del self._results[name]

    def _make_room(self) -> None:
        if self._size <= self._room:
            return
        for name, (expires, text) in self._results.items():
            if self._size <= self._room:
                return
            self._size -= len(text or b"")
            self._results[name] = (expires, None)
