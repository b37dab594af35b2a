"""A commit's files as an archive.

In: dulwich's object store and the hash of a commit; out: a `Snapshot`. Called by `repository`. The archive is a tar packed
with gzip and the same for the same tree: names in Git's order, no owners, no times. A name that could lead anywhere and more
than the limits allow end it; so does a tree that holds itself many times over, since every file counts where it stands.
"""

from __future__ import annotations

import gzip
import io
import posixpath
import stat
import tarfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from argosy.adapters.git.budget import Budget
from argosy.errors import EvaluationError
from argosy.ports.repository import Snapshot

if TYPE_CHECKING:
    from dulwich.object_store import BaseObjectStore
    from dulwich.objects import ObjectID

__all__ = ["archive_of"]

_GITLINK: Final = 0o160000
_MAX_DEPTH: Final = 100
_MAX_NAME: Final = 1_000


def archive_of(store: BaseObjectStore, tree: ObjectID, budget: Budget) -> Snapshot:
    """The files below a tree. Raises EvaluationError for too many, too large, or a name that is none."""
    raw = io.BytesIO()
    count = size = 0
    submodules: list[str] = []
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path, mode, hash_ in _entries(store, tree, "", 0):
            budget.in_time()
            count += 1
            if count > budget.limits.files:
                raise EvaluationError(f"the commit holds more than {budget.limits.files} files")
            info = tarfile.TarInfo(path)
            if mode == _GITLINK:
                submodules.append(path)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
                continue
            data = store[hash_].as_raw_string()
            size += len(data)
            if size > budget.limits.size:
                raise EvaluationError(f"the files of the commit hold more than {budget.limits.size} bytes")
            _add(tar, info, mode, data)
    return Snapshot(raw.getvalue(), count - len(submodules), size, submodules)


def _add(tar: tarfile.TarFile, info: tarfile.TarInfo, mode: int, data: bytes) -> None:
    if stat.S_ISLNK(mode):
        info.type, info.linkname = tarfile.SYMTYPE, data.decode("utf-8", "surrogateescape")
        tar.addfile(info)
        return
    info.mode, info.size = 0o755 if mode & 0o100 else 0o644, len(data)
    tar.addfile(info, io.BytesIO(data))


def _entries(store: BaseObjectStore, tree: ObjectID, folder: str, depth: int) -> Iterator[tuple[str, int, ObjectID]]:
    if depth > _MAX_DEPTH:
        raise EvaluationError(f"folders of the commit lie deeper than {_MAX_DEPTH} levels")
    from dulwich.objects import Tree

    found = store[tree]
    if not isinstance(found, Tree):
        raise EvaluationError(f"the repository is broken: {folder or 'the root'} is no folder")
    for name, mode, hash_ in found.iteritems():
        text = name.decode("utf-8", "surrogateescape")
        path = posixpath.join(folder, text)
        if text in ("", ".", "..") or "/" in text or "\0" in text or len(path) > _MAX_NAME:
            raise EvaluationError(f"the repository is broken: {text[:80]!r} is no name of a file")
        if stat.S_ISDIR(mode):
            yield from _entries(store, hash_, path, depth + 1)
        else:
            yield path, mode, hash_
