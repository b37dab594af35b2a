"""Archives unpacked so that nothing of them lies, or leads, outside its folder.

In: a `Snapshot`'s archive, and parts that are laid into its folder or beside it (`gitops.requests.Part`); out: files,
folders and symbolic links. Called by `workshop`. Only these three are taken, never a device, a hard link, an absolute name
or one with `..`. Links are made last, when there is nothing left to write through one, and each must then lead to a place
inside, through whichever others (CVE-2022-24904, CVE-2025-4517 and their kin). Python's own `data` filter is not relied on:
what it lets pass depends on the interpreter's patch level. A part lies in a folder that was not there or was empty, never
behind a link; all links are looked at again when everything lies where it should, since what led nowhere may then lead out.
"""

from __future__ import annotations

import gzip
import io
import os
import posixpath
import re
import tarfile
import zlib
from collections.abc import Buffer, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from argosy.errors import EvaluationError

__all__ = ["HOME", "TREE", "Limits", "held", "root_of", "unpack", "unpack_all"]

TREE: Final = "tree"
HOME: Final = "home"
_AS_IS: Final = ".tgz"
_BESIDE: Final = re.compile(r"\.\./([a-z0-9][a-z0-9-]{0,62})(?:/|\Z)")

type _Links = list[tuple[Path, str, str]]


@dataclass(frozen=True, slots=True)
class Limits:
    """`size`: bytes of everything together, unpacked."""

    size: int = 280_000_000
    files: int = 50_000


class _Left:
    """What several archives together may still hold."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.size, self.files = limits, limits.size, limits.files

    def take(self, size: int) -> None:
        self.size -= size
        if self.size < 0:
            raise EvaluationError(f"the archive holds more than {self.limits.size} bytes")

    def file(self) -> None:
        self.files -= 1
        if self.files < 0:
            raise EvaluationError(f"the archive holds more than {self.limits.files} files")


class _Counted(io.RawIOBase):
    """What is unpacked, up to a limit: a few bytes of gzip may stand for gigabytes."""

    def __init__(self, archive: bytes, left: _Left) -> None:
        self._inner = gzip.GzipFile(fileobj=io.BytesIO(archive))
        self._left = left

    def readable(self) -> bool:
        """See io."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """See io."""
        view = memoryview(buffer)
        data = self._inner.read(min(len(view), self._left.size + 1))
        self._left.take(len(data))
        view[: len(data)] = data
        return len(data)


def unpack(archive: bytes, root: Path, limits: Limits) -> None:
    """Unpack into the empty folder `root`. Raises EvaluationError for what is not taken; what is there then is rubbish."""
    _unpacked(archive, root, _Left(limits))


def unpack_all(archive: bytes, parts: Mapping[str, bytes], scratch: Path, limits: Limits) -> None:
    """Unpack into the folder `TREE` of `scratch`, and parts where they belong; the limits are those of all together.

    Raises EvaluationError for what is not taken, and for a place that is occupied or none.
    """
    left, tree = _Left(limits), scratch / TREE
    links = {tree: _unpacked(archive, tree, left)}
    for at, part in sorted(parts.items()):
        if at.endswith(_AS_IS):
            _lay(part, _place(at, scratch), left)
            continue
        place = _place(at, scratch)
        links[place] = _unpacked(part, place, left)
    for place, those in links.items() if parts else ():
        _check(place, those)


def root_of(path: str, scratch: Path) -> Path:
    """The folder that a path of a bench must not leave: the tree, or for `../NAME/…` the part of that name."""
    beside = _BESIDE.match(path)
    return scratch / (beside[1] if beside and beside[1] not in (TREE, HOME) else TREE)


def _place(at: str, scratch: Path) -> Path:
    """The folder of a part, made for it, or its file."""
    beside, root = _BESIDE.fullmatch(at), root_of(at, scratch)
    leads_out = beside is None and at.startswith(("/", "../"))
    reserved = beside is not None and root == scratch / TREE
    if at in ("", ".", "..") or posixpath.normpath(at) != at or "\0" in at or leads_out or reserved:
        raise EvaluationError(f"{at!r} is no place for a part")
    place = scratch / TREE / at if beside is None else root
    try:
        if place.parent.resolve() != place.parent or place.is_symlink():
            raise EvaluationError(f"{at!r} is no place for a part: a link stands in its way")
        is_file = at.endswith(_AS_IS)
        (place.parent if is_file else place).mkdir(parents=True, exist_ok=True)
        occupied = place.exists() if is_file else bool(list(place.iterdir()))
    except (OSError, RuntimeError):
        occupied = True
    if occupied:
        raise EvaluationError(f"{at!r} is no place for a part: something is there already")
    return place


def _lay(part: bytes, place: Path, left: _Left) -> None:
    left.file()
    left.take(len(part))
    place.write_bytes(part)


def held(archive: bytes, limits: Limits, most: int) -> tuple[Mapping[str, bytes], Collection[str]] | None:
    """The files of an archive by their names, and its folders.

    None for one that has links, which lead where only a folder tells, or holds more than `most` bytes. Raises as `unpack`.
    """
    left, files, folders = _Left(limits), dict[str, bytes](), set[str]()
    with _opened(archive, left) as tar:
        for member in tar:
            left.file()
            name = str(_name(member))
            if member.issym() or limits.size - left.size > most:
                return None
            if name in files or (member.isreg() and name in folders):
                raise _twice(name)
            if member.isreg():
                content = tar.extractfile(member)
                files[name] = content.read() if content is not None else b""
            elif member.isdir():
                folders.add(name)
            else:
                raise _no_kind(member)
            while (name := posixpath.dirname(name)) and name not in folders:
                folders.add(name)
    both = files.keys() & folders
    if both:
        raise _twice(min(both))
    return files, folders


def _unpacked(archive: bytes, root: Path, left: _Left) -> _Links:
    links: _Links = []
    try:
        with _opened(archive, left) as tar:
            for member in tar:
                left.file()
                path = root / _name(member)
                if member.issym():
                    links.append((path, member.linkname, member.name))
                elif member.isdir():
                    path.mkdir(parents=True, exist_ok=True)
                elif member.isreg():
                    _write(tar, member, path)
                else:
                    raise _no_kind(member)
        for path, target, _ in links:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as x:
        raise _twice(str(x.filename)) from x
    _check(root, links)
    return links


@contextmanager
def _opened(archive: bytes, left: _Left) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(fileobj=io.BufferedReader(_Counted(archive, left)), mode="r|") as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as x:
        raise EvaluationError(f"the archive is broken: {x}") from x


def _no_kind(member: tarfile.TarInfo) -> EvaluationError:
    return EvaluationError(f"{member.name!r} of the archive is neither a file, a folder nor a link")


def _twice(name: str) -> EvaluationError:
    return EvaluationError(f"a name of the archive is given twice: {PurePosixPath(name).name!r}")


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


def _check(root: Path, links: _Links) -> None:
    real = root.resolve()
    for path, target, name in links:
        try:
            inside = path.resolve().is_relative_to(real) and not target.startswith("/")
        except (OSError, RuntimeError):  # a circle of links
            inside = True
        if not inside:
            raise EvaluationError(f"the link {name!r} leads out of the repository (to {target!r}); nothing is rendered")
