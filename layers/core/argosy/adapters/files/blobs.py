"""Blobs port on a folder: one file a blob, written beside and renamed, fsynced."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from argosy.errors import NotFound, Unavailable
from argosy.ports.blobkeys import check_key

__all__ = ["FileBlobs"]


class FileBlobs:
    """Blobs under `root`; the folder is made when the first blob is written."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        """See `Blobs.put`."""
        path = self._root / check_key(key)
        try:
            self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
            _sync_folder(path.parent)
        except OSError as x:
            raise Unavailable(f"cannot write blob {key} under {self._root}: {x}") from x

    def get(self, key: str) -> bytes:
        """See `Blobs.get`."""
        try:
            return (self._root / check_key(key)).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"blob {key} is not there") from None
        except OSError as x:
            raise Unavailable(f"cannot read blob {key} under {self._root}: {x}") from x

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        path = self._root / check_key(key)
        try:
            path.unlink(missing_ok=True)
        except OSError as x:
            if not path.is_dir():  # a folder holds other blobs and is none
                raise Unavailable(f"cannot remove blob {key} under {self._root}: {x}") from x

    def share(self, key: str, seconds: int) -> str:
        """See `Blobs.share`: files have no addresses."""
        check_key(key)
        return ""

    def sweep(self, before: datetime) -> int:
        """See `Blobs.sweep`."""
        old = [
            p for p in self._root.rglob("*") if p.is_file() and datetime.fromtimestamp(p.stat().st_mtime, UTC) < before
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
