"""What was published as an archive, made into a `Snapshot`: a chart's files without the folder that they lie in.

In: a tar archive, packed with gzip or not; out: an archive as Git's commits have it (`adapters.git.archives`). Called by
`repository`. Bombs, devices, hard links, names that lead out, and more than one folder at the top of a chart end it; whether
a symbolic link leads out is looked at where the files are laid (`adapters.render.unpack`).
"""

from __future__ import annotations

import gzip
import io
import posixpath
import tarfile
import zlib
from collections.abc import Buffer, Iterator
from typing import IO, Any

from argosy.adapters.charts.web import Budget, Limits
from argosy.errors import EvaluationError
from argosy.ports.repository import Snapshot

__all__ = ["snapshot_of"]

_MOST_NAME = 1_000


class _Counted(io.RawIOBase):
    """What is unpacked, up to a limit."""

    def __init__(self, inner: Any, limits: Limits) -> None:
        self._inner, self._limits, self._left = inner, limits, limits.size + 2_000 * limits.files

    def readable(self) -> bool:
        """See io."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """See io."""
        view = memoryview(buffer)
        data = self._inner.read(min(len(view), self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise EvaluationError(f"the package holds more than {self._limits.size} bytes")
        view[: len(data)] = data
        return len(data)


def snapshot_of(packed: bytes, budget: Budget, *, chart: bool) -> Snapshot:
    """The files of a package; of a chart without its top folder. Raises EvaluationError."""
    raw = io.BytesIO()
    count = size = 0
    tops: set[str] = set()
    seen: set[str] = set()
    try:
        with (
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as out,
            tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made,
        ):
            for member, content in _members(packed, budget):
                name = _name(member)
                top, _, rest = name.partition("/")
                if chart:
                    tops.add(top)
                    name = rest
                if not name or member.isdir():
                    continue
                count, size = count + 1, size + member.size
                if len(tops) > 1 or name in seen:
                    raise EvaluationError("the package is no chart: it holds more than one folder, or a name twice")
                seen.add(name)
                if count > budget.limits.files or size > budget.limits.size:
                    raise EvaluationError(
                        f"the package holds more than {budget.limits.files} files or {budget.limits.size} bytes"
                    )
                _add(made, name, member, content)
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError) as x:
        raise EvaluationError(f"the package cannot be read: {x}") from x
    if chart and "Chart.yaml" not in seen:
        raise EvaluationError("the package is no chart: it has no Chart.yaml")
    return Snapshot(raw.getvalue(), count, size)


def _members(packed: bytes, budget: Budget) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    inner: Any = io.BytesIO(packed)
    if packed[:2] == b"\x1f\x8b":
        inner = gzip.GzipFile(fileobj=inner)
    with tarfile.open(fileobj=io.BufferedReader(_Counted(inner, budget.limits)), mode="r|") as tar:
        for member in tar:
            budget.in_time()
            if not (member.isreg() or member.isdir() or member.issym()):
                raise EvaluationError(f"{member.name[:80]!r} of the package is neither a file, a folder nor a link")
            yield member, tar.extractfile(member) if member.isreg() else None


def _name(member: tarfile.TarInfo) -> str:
    name = posixpath.normpath(member.name.replace("\\", "/"))
    if name == ".." or name.startswith(("/", "../")) or "\0" in name or len(name) > _MOST_NAME:
        raise EvaluationError(f"{member.name[:80]!r} of the package leads out of its folder")
    return "" if name == "." else name


def _add(made: tarfile.TarFile, name: str, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
    info = tarfile.TarInfo(name)
    if member.issym():
        info.type, info.linkname = tarfile.SYMTYPE, member.linkname
        made.addfile(info)
        return
    data = content.read() if content is not None else b""
    info.mode, info.size = 0o755 if member.mode & 0o100 else 0o644, len(data)
    made.addfile(info, io.BytesIO(data))
