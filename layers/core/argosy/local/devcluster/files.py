"""File habits of the development cluster: private, atomic, locked.

In: paths and contents. Out: files that are either whole or absent, readable by their owner only. Called by every
module of this package.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

__all__ = ["locked", "private_directory", "publish", "read_json", "write_json", "write_private"]


def private_directory(path: Path) -> Path:
    """Make `path` and what is missing above it; only the owner may look into what is made."""
    if not path.is_dir():
        private_directory(path.parent)
        path.mkdir(exist_ok=True, mode=0o700)
    return path


def write_private(path: Path, content: str | bytes) -> None:
    """Replace `path` in one step by `content`, mode 0600.

    A reader sees the old file or the new one, after a crash too.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def publish(finished: Path, target: Path, mode: int) -> None:
    """Move a finished file to `target` (same file system): its bytes reach the disk before its name does."""
    finished.chmod(mode)
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(target)
    directory = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def write_json(path: Path, value: Any) -> None:
    """`write_private` of a JSON document."""
    write_private(path, json.dumps(value, indent=1))


def read_json(path: Path) -> Any:
    """The JSON document at `path`, or None when it is absent or not readable as JSON (as after a full disk)."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the advisory lock at `path`; `waiting` is called once if somebody else has it.

    The kernel drops the lock of a process that dies.
    """
    private_directory(path.parent)
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
