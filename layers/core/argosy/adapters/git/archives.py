"""A commit's files as an archive.

In: dulwich's object store and the tree of a commit; out: a `Snapshot`. Called by `repository`, which opens submodules when
their turn comes. The archive is a tar packed with gzip and the same for the same tree: names in Git's order, no owners, no
times. A name that could lead anywhere and more than the limits allow end it; so does a tree that holds itself many times
over, since every file counts where it stands.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import stat
import tarfile
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from argosy.adapters.git.budget import Budget
from argosy.errors import EvaluationError
from argosy.ports.repository import Snapshot

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

    from argosy.adapters.git.lfs import LargeFiles

__all__ = ["Files", "archive_of"]

_GITLINK: Final = 0o160000
_MAX_DEPTH: Final = 100
_MAX_NAME: Final = 1_000


@dataclass(frozen=True, slots=True)
class Files:
    """A commit's files below `tree`. `submodule` opens one by its path and commit, or gives None: it is to stay empty.

    `large` has the content of Git LFS's pointers, if that is wanted.
    """

    store: BaseObjectStore
    tree: ObjectID
    submodule: Callable[[str, str], AbstractContextManager[Files] | None]
    large: LargeFiles | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a tree names; `data` None = a submodule that is empty. `joined`: it is not of the commit itself."""

    path: str
    mode: int
    data: bytes | None
    joined: bool


def archive_of(files: Files, budget: Budget) -> Snapshot:
    """The files of a commit and its submodules. Raises EvaluationError for too many, too large, or a name that is none."""
    raw = io.BytesIO()
    count = size = 0
    submodules: list[str] = []
    joined = False
    with (
        closing(_below(files, files.tree, "", "", 0)) as entries,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for entry in entries:
            budget.in_time()
            count += 1
            if count > budget.limits.files:
                raise EvaluationError(f"the commit holds more than {budget.limits.files} files")
            info, joined = tarfile.TarInfo(entry.path), joined or entry.joined
            if entry.data is None:
                submodules.append(entry.path)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
                continue
            size += len(entry.data)
            if size > budget.limits.size:
                raise EvaluationError(f"the files of the commit hold more than {budget.limits.size} bytes")
            _add(tar, info, entry.mode, entry.data)
    return Snapshot(raw.getvalue(), count - len(submodules), size, submodules, joined)


def _add(tar: tarfile.TarFile, info: tarfile.TarInfo, mode: int, data: bytes) -> None:
    if stat.S_ISLNK(mode):
        info.type, info.linkname = tarfile.SYMTYPE, data.decode("utf-8", "surrogateescape")
        tar.addfile(info)
        return
    info.mode, info.size = 0o755 if mode & 0o100 else 0o644, len(data)
    tar.addfile(info, io.BytesIO(data))


def _below(files: Files, tree: ObjectID, folder: str, top: str, depth: int) -> Generator[_Entry]:
    """What is below a tree; `top` is where its commit begins: nothing, or the folder of a submodule."""
    if depth > _MAX_DEPTH:
        raise EvaluationError(f"folders of the commit lie deeper than {_MAX_DEPTH} levels")
    from dulwich.objects import Tree

    found = files.store[tree]
    if not isinstance(found, Tree):
        raise EvaluationError(f"the repository is broken: {folder or 'the root'} is no folder")
    for name, mode, hash_ in found.iteritems():
        text = name.decode("utf-8", "surrogateescape")
        path = posixpath.join(folder, text)
        if text in ("", ".", "..") or "/" in text or "\0" in text or len(path) > _MAX_NAME:
            raise EvaluationError(f"the repository is broken: {text[:80]!r} is no name of a file")
        if stat.S_ISDIR(mode):
            yield from _below(files, hash_, path, top, depth + 1)
        elif mode != _GITLINK:
            data = files.store[hash_].as_raw_string()
            content = files.large.content(path, data) if files.large is not None and stat.S_ISREG(mode) else None
            yield _Entry(path, mode, data if content is None else content, bool(top) or content is not None)
        elif (opened := files.submodule(path[len(top) :], hash_.decode())) is None:
            yield _Entry(path, mode, None, bool(top))
        else:
            with opened as inner:
                yield from _below(inner, inner.tree, path, f"{path}/", depth + 1)
