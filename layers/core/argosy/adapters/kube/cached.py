"""Secrets port with a short memory, for a cluster whose answers a request should not wait for.

A value that was read is answered from memory; when it is older than `fresh` seconds it is read again in the background,
and the old value is answered meanwhile and for as long as the cluster cannot be reached. What could not be read is
remembered for `again` seconds. `at_once` is the same memory for callers that may not wait at all: what it does not hold yet
is Unavailable for the moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from argosy.errors import ArgosyError, Retryable, Unavailable
from argosy.ports.secrets import Secrets

__all__ = ["CachedSecrets"]

Key = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    value: str | None
    problem: ArgosyError | None
    reading: bool = False


_NOT_YET = _Entry(0.0, None, Unavailable("not read from the cluster yet"))


class CachedSecrets:
    """Remembers what `inner` answers; times in seconds, `clock` counts them."""

    def __init__(
        self, inner: Secrets, *, fresh: float = 30.0, again: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._inner, self._fresh, self._again, self._clock = inner, fresh, again, clock
        self._entries: dict[Key, _Entry] = {}
        self._mutex = threading.Lock()

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return self.get(("secret", namespace, name, key, account), wait=True)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return self.get(("config", namespace, name, key, account), wait=True)

    @property
    def at_once(self) -> Secrets:
        """The same values for callers that may not wait, such as an event loop."""
        return _AtOnce(self)

    def get(self, key: Key, *, wait: bool) -> str:
        """The value of (kind, namespace, name, key, account); without `wait` only what memory holds."""
        with self._mutex:
            entry = self._entries.get(key)
            age = self._clock() - entry.at if entry is not None else 0.0
            limit = self._again if entry is not None and entry.problem is not None else self._fresh
            background = not _settled(entry, age, limit) and (
                not wait or (entry is not None and entry.value is not None)
            )
            if background:
                entry = self._entries[key] = replace(entry or _NOT_YET, reading=True)
        if background:
            threading.Thread(target=self._read, args=(key,), name="secrets", daemon=True).start()
        elif wait and (entry is None or (entry.value is None and age > self._again)):
            entry = self._read(key)
        if entry is None or entry.value is None:
            raise (entry.problem if entry is not None else None) or _NOT_YET.problem or ArgosyError("no value")
        return entry.value

    def _read(self, key: Key) -> _Entry:
        what, *place = key
        read = self._inner.secret if what == "secret" else self._inner.config
        value, problem = None, None
        try:
            value = read(*place)
        except ArgosyError as x:
            problem = x
        with self._mutex:
            before = self._entries.get(key)
            if isinstance(problem, Retryable) and before is not None and before.value is not None:
                value = before.value  # an outage of the cluster is no reason to forget
            entry = self._entries[key] = _Entry(self._clock(), value, problem)
        return entry


class _AtOnce:
    def __init__(self, cached: CachedSecrets) -> None:
        self._cached = cached

    def secret(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.secret`."""
        return self._cached.get(("secret", namespace, name, key, account), wait=False)

    def config(self, namespace: str, name: str, key: str, account: str = "default") -> str:
        """See `Secrets.config`."""
        return self._cached.get(("config", namespace, name, key, account), wait=False)


def _settled(entry: _Entry | None, age: float, limit: float) -> bool:
    return entry is not None and (entry.reading or age <= limit)
