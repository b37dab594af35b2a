"""Blobs in memory."""

from __future__ import annotations

from datetime import datetime

from argosy.errors import NotFound
from argosy.ports.blobkeys import check_key
from argosy.ports.clock import Clock

__all__ = ["FakeBlobs"]


class FakeBlobs:
    """A dict of bytes with the time of writing."""

    def __init__(self, clock: Clock, *, addresses: bool = True) -> None:
        self._clock, self.addresses = clock, addresses
        self._blobs: dict[str, tuple[datetime, bytes]] = {}

    def put(self, key: str, data: bytes) -> None:
        """See `Blobs.put`."""
        self._blobs[check_key(key)] = (self._clock.now(), data)

    def get(self, key: str) -> bytes:
        """See `Blobs.get`."""
        found = self._blobs.get(check_key(key))
        if found is None:
            raise NotFound(f"blob {key} is not there")
        return found[1]

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        self._blobs.pop(check_key(key), None)

    def share(self, key: str, seconds: int) -> str:
        """See `Blobs.share`; a made-up address, or "" with `addresses` off."""
        return f"https://blobs.example/{check_key(key)}?seconds={seconds}" if self.addresses else ""

    def sweep(self, before: datetime) -> int:
        """See `Blobs.sweep`."""
        old = [key for key, (written, _) in self._blobs.items() if written < before]
        for key in old:
            del self._blobs[key]
        return len(old)
