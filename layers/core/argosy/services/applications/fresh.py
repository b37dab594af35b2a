"""What this process has written itself, until the mirror has caught up: reading one's own writes.

In: objects as the API server returned them. Out: for a key, whichever is newer of this and the mirror's copy. Only a help:
on AWS another instance may not have it, and waits for the mirror.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from argosy.control.keys import Key
from argosy.services.agents.mirror import Copy
from argosy.services.applications.recent import Recent

__all__ = ["Fresh"]

_MOST: Final = 4096


class Fresh:
    """The newest objects of all clusters, the oldest of them forgotten."""

    def __init__(self) -> None:
        self._known: Recent[Key, Copy] = Recent(_MOST)

    def wrote(self, key: Key, obj: Mapping[str, Any]) -> None:
        """An object has come back from a write."""
        metadata = obj.get("metadata") or {}
        if metadata.get("uid"):
            self._known.put(key, Copy(metadata["uid"], int(metadata["resourceVersion"]), dict(obj)))

    def newest(self, key: Key, copy: Copy | None) -> Copy | None:
        """The newer one of the mirror's copy and ours."""
        known = self._known.get(key)
        if known is None:
            return copy
        if copy is not None and copy.version >= known.version:
            self._known.drop(key)
            return copy
        return known
