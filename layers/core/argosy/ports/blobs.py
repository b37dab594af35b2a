"""Blobs port: immutable bytes under a key, for what is too large for a message or a row.

S3 on AWS, files in the embedded runtime. Writers choose keys that name their content (a hash or an id), so a key is
written once; writing the same key again with the same bytes is harmless.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Blobs"]


class Blobs(Protocol):
    """Key → bytes. Keys are `/`-separated words of `A-Z a-z 0-9 . _ -`; no part is `.` or `..`."""

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`, durable on return; an existing blob of that key is replaced as a whole.

        Raises InvalidObject for a key outside the alphabet, Unavailable when the store cannot be written.
        """
        ...

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`. Raises NotFound."""
        ...

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens when it is not there."""
        ...

    def share(self, key: str, seconds: int) -> str:
        """An address at which anybody who knows it may GET `key` for `seconds`; "" where blobs have no addresses.

        To be asked for before the blob is written: who gets "" need not write it. Raises InvalidObject as `put` does.
        """
        ...

    def sweep(self, before: datetime) -> int:
        """Remove blobs written before `before` and return how many (on AWS the bucket's lifecycle does this)."""
        ...
