"""An archive unpacked so that nothing of it lies, or leads, outside its folder.

In: a `Snapshot`'s archive; out: files, folders and symbolic links. Called by `workshop`. Only these three are taken, never
a device, a hard link, an absolute name or one with `..`. Links are made last, when there is nothing left to write through
one, and each must then lead to a place inside, through whichever others (CVE-2022-24904, CVE-2025-4517 and their kin).
Python's own `data` filter is not relied on: what it lets pass depends on the interpreter's patch level.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Buffer
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from argosy.errors import EvaluationError

__all__ = ["Limits", "unpack"]


@dataclass(frozen=True, slots=True)
class Limits:
    """`size`: bytes of everything together, unpacked."""

    size: int = 280_000_000
    files: int = 50_000


class _Counted(io.RawIOBase):
    """What is unpacked, up to a limit: a few bytes of gzip may stand for gigabytes."""

    def __init__(self, archive: bytes, most: int) -> None:
        self._inner = gzip.GzipFile(fileobj=io.BytesIO(archive))
        self._most, self._left = most, most

    def readable(self) -> bool:
        """See io."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """See io."""
        view = memoryview(buffer)
        data = self._inner.read(min(len(view), self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise EvaluationError(f"the archive holds more than {self._most} bytes")
        view[: len(data)] = data
        return len(data)


def unpack(archive: bytes, root: Path, limits: Limits) -> None:
    """Unpack into the empty folder `root`. Raises EvaluationError for what is not taken; what is there then is rubbish."""
    links: list[tuple[Path, str, str]] = []
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Counted(archive, limits.size)), mode="r|") as tar:
            for count, member in enumerate(tar):
                if count >= limits.files:
                    raise EvaluationError(f"the archive holds more than {limits.files} files")
                path = root / _name(member)
                if member.issym():
                    links.append((path, member.linkname, member.name))
                elif member.isdir():
                    path.mkdir(parents=True, exist_ok=True)
                elif member.isreg():
                    _write(tar, member, path)
                else:
                    raise EvaluationError(f"{member.name!r} of the archive is neither a file, a folder nor a link")
        for path, target, _ in links:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as x:
        raise EvaluationError(f"the archive is broken: {x}") from x
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as x:
        raise EvaluationError(f"a name of the archive is given twice: {Path(str(x.filename)).name!r}") from x
    _check(root, links)


def _name(member: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name or not path.parts:
        raise EvaluationError(f"{member.name!r} is no name that an archive may hold: it leads out of its folder")
    return path


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o755 if member.mode & 0o100 else 0o644)
    with os.fdopen(handle, "wb") as file:
        while content is not None and (data := content.read(1 << 18)):
            file.write(data)


def _check(root: Path, links: list[tuple[Path, str, str]]) -> None:
    real = root.resolve()
    for path, target, name in links:
        try:
            inside = path.resolve().is_relative_to(real) and not target.startswith("/")
        except (OSError, RuntimeError):  # a circle of links
            inside = True
        if not inside:
            raise EvaluationError(f"the link {name!r} leads out of the repository (to {target!r}); nothing is rendered")
