"""Secrets port with a short memory, for a cluster whose answers a request should not wait for.

A value that was read is answered from memory; when it is older than `fresh` seconds it is read again in the background,
and the old value is answered meanwhile. What could not be read is remembered for `again` seconds, so that an unreachable
cluster does not hold up every request.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from argosy.errors import ArgosyError
from argosy.ports.secrets import Secrets

__all__ = ["CachedSecrets"]

_Key = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Entry:
    at: float
    value: str | None
    problem: ArgosyError | None
    reading: bool = False


class CachedSecrets:
    """Remembers what `inner` answers; times in seconds, `clock` counts them."""

    def __init__(
        self, inner: Secrets, *, fresh: float = 30.0, again: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner, self._fresh, self._again, self._clock = inner, fresh, again, clock
        self._entries: dict[_Key, _Entry] = {}
        self._mutex = threading.Lock()

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return self._get(("secret", namespace, name, key, account))

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return self._get(("config", namespace, name, key, account))

    def _get(self, key: _Key) -> str:
        with self._mutex:
            entry = self._entries.get(key)
            age = self._clock() - entry.at if entry else 0.0
            stale = entry is not None and entry.value is not None and age > self._fresh and not entry.reading
            if entry is not None and stale:
                entry.reading = True
        if entry is None or (entry.problem is not None and age > self._again):
            entry = self._read(key)
        elif stale:
            threading.Thread(target=self._read, args=(key,), name="secrets", daemon=True).start()
        if entry.value is None:
            raise entry.problem or ArgosyError("a secret without a value")
        return entry.value

    def _read(self, key: _Key) -> _Entry:
        what, *place = key
        read = self._inner.secret if what == "secret" else self._inner.config
        try:
            entry = _Entry(self._clock(), read(*place), None)
        except ArgosyError as x:
            entry = _Entry(self._clock(), None, x)
        with self._mutex:
            self._entries[key] = entry
        return entry
