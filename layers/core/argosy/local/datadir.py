"""The data directory of an embedded installation: where everything lies, and who may run on it.

queue.db store.db    SQLite files              blobs/      large messages
secrets/ configs/    values by file            instance    locked by the one running `argosy up`
wake.*               pipes that wake a process
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import orjson

from argosy.errors import Unavailable

__all__ = ["DataDir", "default_data_dir"]


def default_data_dir() -> Path:
    """ARGOSY_DATA, else `argosy` in the user's state folder."""
    if "ARGOSY_DATA" in os.environ:
        return Path(os.environ["ARGOSY_DATA"])
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "argosy"


class DataDir:
    """Paths below `root`, which is made on first use, for its owner only."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as x:
            raise Unavailable(f"cannot make the data directory {root}: {x.strerror}; choose another with --data") from x
        self._instance: int | None = None

    @property
    def queue(self) -> Path:
        """Queue database."""
        return self.root / "queue.db"

    @property
    def store(self) -> Path:
        """Store database."""
        return self.root / "store.db"

    @property
    def blobs(self) -> Path:
        """Blob folder."""
        return self.root / "blobs"

    def pipe(self, process: str) -> Path:
        """Wake-up pipe of one process."""
        return self.root / f"wake.{process}"

    def claim(self, note: dict[str, object]) -> None:
        """Become the one instance of this directory until the process ends; `note` tells others who that is.

        Raises Unavailable when another process runs on it.
        """
        handle = os.open(self.root / "instance", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as x:
            other = os.read(handle, 4096).decode(errors="replace").strip()
            os.close(handle)
            raise Unavailable(
                f"another `argosy up` runs on {self.root} ({other}); stop it or choose another --data"
            ) from x
        os.ftruncate(handle, 0)
        os.write(handle, orjson.dumps(note))
        self._instance = handle

    def release(self) -> None:
        """Stop being the instance."""
        if self._instance is not None:
            os.close(self._instance)
            self._instance = None
