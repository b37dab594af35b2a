"""Blobs below a prefix: what an agent may see of the bucket, and how the hub reads what that agent wrote."""

from __future__ import annotations

from datetime import datetime

from argosy.ports.blobs import Blobs

__all__ = ["PrefixedBlobs"]


class PrefixedBlobs:
    """`inner` below `prefix/`; keys are without it on this side."""

    def __init__(self, inner: Blobs, prefix: str) -> None:
        self._inner, self._prefix = inner, prefix

    def put(self, key: str, data: bytes) -> None:
        """See `Blobs.put`."""
        self._inner.put(f"{self._prefix}/{key}", data)

    def get(self, key: str) -> bytes:
        """See `Blobs.get`."""
        return self._inner.get(f"{self._prefix}/{key}")

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        self._inner.delete(f"{self._prefix}/{key}")

    def share(self, key: str, seconds: int) -> str:
        """See `Blobs.share`."""
        return self._inner.share(f"{self._prefix}/{key}", seconds)

    def sweep(self, before: datetime) -> int:
        """Nothing, so 0: the whole is swept, not a part."""
        del before
        return 0
