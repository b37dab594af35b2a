"""What this process has written itself, until the mirror has caught up: reading one's own writes.

In: objects as the API server returned them. Out: for a key, whichever is newer of this and the mirror's copy. Only a help:
on AWS another instance may not have it, and waits for the mirror. What the mirror does not know after some minutes was
removed before its agent has seen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from argosy.control.keys import Key
from argosy.ports.clock import Clock
from argosy.services.agents.mirror import Copy
from argosy.services.applications.recent import Recent

__all__ = ["Fresh"]

_MOST: Final = 4096
_LONGEST: Final = timedelta(minutes=5)


class Fresh:
    """The newest objects of all clusters, the oldest of them forgotten."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: Recent[Key, tuple[datetime, Copy]] = Recent(_MOST)

    def wrote(self, key: Key, obj: Mapping[str, Any]) -> None:
        """An object has come back from a write."""
        metadata = obj.get("metadata") or {}
        if metadata.get("uid"):
            copy = Copy(metadata["uid"], int(metadata["resourceVersion"]), dict(obj))
            self._known.put(key, (self._clock.now(), copy))

    def newest(self, key: Key, copy: Copy | None) -> Copy | None:
        """The newer one of the mirror's copy and ours."""
        known = self._known.get(key)
        if known is None:
            return copy
        at, own = known
        if (copy is not None and copy.version >= own.version) or self._clock.now() - at > _LONGEST:
            self._known.drop(key)
            return copy
        return own
