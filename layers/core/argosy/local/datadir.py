"""The data directory of an embedded installation: where everything lies, and who may run on it.

queue.db store.db    SQLite files              blobs/      large messages
secrets/ configs/    values by file            instance    locked by the one running `argosy up`
wake.*               pipes that wake a process   token      who may use the API of the running instance
files/               what triggers' `file` sources are taken from, by namespace
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from pathlib import Path

import orjson

from argosy.errors import Unavailable

__all__ = ["DataDir", "default_data_dir"]

_POLL = 0.05
_CLAIM_SECONDS = 0.3  # a command that only asks whether somebody has the role holds it for a moment
_NOTE_BYTES = 1024


def default_data_dir() -> Path:
    """ARGOSY_DATA, else `argosy` in the user's state folder."""
    if os.environ.get("ARGOSY_DATA"):
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
        self._claims: dict[str, int] = {}

    @property
    def queue(self) -> Path:
        """Queue database."""
        return self.root / "queue.db"

    @property
    def store(self) -> Path:
        """Store database."""
        return self.root / "store.db"

    @property
    def files(self) -> Path:
        """What `file` sources of triggers are taken from, a folder for each namespace."""
        return self.root / "files"

    @property
    def blobs(self) -> Path:
        """Blob folder."""
        return self.root / "blobs"

    @property
    def token(self) -> Path:
        """What the API asks for."""
        return self.root / "token"

    @property
    def agent_keys(self) -> Path:
        """What work for agents is signed with."""
        return self.root / "agent-keys"

    @property
    def agent_seal(self) -> Path:
        """What opens values that agents have sealed."""
        return self.root / "agent-seal"

    def pipe(self, process: str) -> Path:
        """Wake-up pipe of one process."""
        return self.root / f"wake.{process}"

    def claim(self, role: str, note: Mapping[str, object]) -> None:
        """Become the one process in a role on this directory until it ends; `note` tells others who that is.

        Roles are `instance` (who runs `argosy up`) and `worker`. Raises Unavailable when another process has the role.
        """
        handle = self._open(role)
        try:
            self._lock(handle, _CLAIM_SECONDS)
        except OSError as x:
            other = os.read(handle, 4096).decode(errors="replace").strip()
            os.close(handle)
            raise Unavailable(
                f"another `argosy up` runs on {self.root} ({other}); stop it or choose another --data"
            ) from x
        self._claims[role] = handle
        self.tell(role, note)

    def tell(self, role: str, note: Mapping[str, object]) -> None:
        """Change the note of a role that this process has."""
        data = orjson.dumps(note)
        os.pwrite(
            self._claims[role], data.ljust(_NOTE_BYTES), 0
        )  # one length, so that no reader sees parts of two notes

    def told(self, role: str) -> Mapping[str, object] | None:
        """The note of the process that has a role now; None when none has it."""
        try:
            handle = os.open(self.root / role, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            data = os.pread(handle, _NOTE_BYTES, 0).strip()
        else:
            return None
        finally:
            os.close(handle)
        try:
            note = orjson.loads(data)
        except orjson.JSONDecodeError:
            return {}
        return note if isinstance(note, dict) else {}

    def wait_for(self, role: str, seconds: float) -> None:
        """Wait until nobody has the role: a worker whose gateway was killed may still be finishing what it has in hand.

        Raises Unavailable when that takes longer than `seconds`.
        """
        handle = self._open(role)
        try:
            self._lock(handle, seconds)
        except OSError as x:
            other = os.read(handle, 4096).decode(errors="replace").strip()
            raise Unavailable(f"the {role} of an earlier run still works on {self.root} ({other})") from x
        finally:
            os.close(handle)

    def release(self) -> None:
        """Give up all roles."""
        while self._claims:
            os.close(self._claims.popitem()[1])

    def _lock(self, handle: int, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(_POLL)
            else:
                return

    def _open(self, role: str) -> int:
        return os.open(self.root / role, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
