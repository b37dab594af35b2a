"""Who has been let in at a repository of late.

What one Application has had fetched is kept, and where a branch was found is remembered, for all who follow the repository.
Whoever may not read it gets neither: before anything kept counts for an Application, the repository has let in somebody who
signs in as it does, within the last minutes. Rows: pk `access/<repository>`, sk a keyed digest of the credentials.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from typing import Final

import orjson

from argosy.errors import Conflict
from argosy.ports.clock import Clock
from argosy.ports.repository import Credentials
from argosy.ports.store import Delete, Put, Row, Store
from argosy.services.applications.following import repository_key
from argosy.services.applications.recent import Recent

__all__ = ["Access"]

_SECONDS: Final = 600.0
_AGAIN: Final = 300.0
_LOOK: Final = 30.0
_MOST: Final = 10_000
_ANYBODY: Final = "anybody"
_WITH_LFS: Final = "anybody-lfs"


class Access:
    """The rows; `key` gives what digests are keyed with, asked for when somebody signs in first."""

    def __init__(self, store: Store, clock: Clock, key: Callable[[], bytes]) -> None:
        self._store, self._clock, self._secret = store, clock, key
        self._known: Recent[tuple[str, str], tuple[float, float]] = Recent(_MOST)

    @cached_property
    def _key(self) -> bytes:
        return self._secret()

    def name(self, credentials: Credentials) -> str:
        """Names who signs in so, and tells nothing of what with."""
        if not credentials.secret:
            return _WITH_LFS if credentials.lfs else _ANYBODY
        return hmac.new(self._key, orjson.dumps(asdict(credentials)), hashlib.sha256).hexdigest()[:32]

    def may(self, url: str, who: str) -> bool:
        """Whether the repository has let somebody in of late."""
        now, place = self._now(), (repository_key(url).name, who)
        at, looked = self._known.get(place) or (0.0, 0.0)
        if now - looked >= _LOOK:
            row = self._store.get(_pk(place[0]), who)
            at = float(row.data["at"]) if row is not None else 0.0
            self._known.put(place, (at, now))
        return now - at < _SECONDS

    def let_in(self, url: str, who: str) -> None:
        """The repository has let somebody in."""
        now, place = self._now(), (repository_key(url).name, who)
        at, _ = self._known.get(place) or (0.0, 0.0)
        if now - at >= _AGAIN:
            row = Row(_pk(place[0]), who, {"at": now}, expires_at=now + 86_400)
            with contextlib.suppress(Conflict):
                self._store.write([Put(row)])
            self._known.put(place, (now, now))

    def refused(self, url: str, who: str) -> None:
        """The repository has not let somebody in."""
        place = (repository_key(url).name, who)
        at, looked = self._known.get(place) or (0.0, 0.0)
        if at or not looked:
            self._store.write([Delete(_pk(place[0]), who)])
        self._known.put(place, (0.0, self._now()))

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _pk(repository: str) -> str:
    return f"access/{repository}"
