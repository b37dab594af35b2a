"""`--local PATH`: an Application's source as files of this machine, in place of its repository.

In: a folder, and the root of the repository that it stands in. Out: the source with the folder as its path, and all files
below the root, as a commit's would be. Follows `getLocalObjectsString` of `cmd/argocd/commands/app.go` in Argo CD 3.6.

On purpose different: without `--local-repo-root` the root is the working tree around the folder, not the whole machine.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from argosy.adapters.git.budget import Limits
from argosy.errors import InvalidObject, NotFound
from argosy.ports.repository import Snapshot

if TYPE_CHECKING:
    from argosy.resources.application import Application
    from argosy.resources.source import Source

__all__ = ["Local", "LocalPath", "LocalRoot", "local_of"]

LocalPath = Annotated[str, typer.Option("--local", help="A folder of this machine in place of the source.")]
LocalRoot = Annotated[
    str, typer.Option("--local-repo-root", help="The root that --local may reach (default: its working tree).")
]
_GIT = ".git"


@dataclass(frozen=True, slots=True)
class Local:
    """`path`: the folder, as seen from the root of `files`."""

    path: str
    files: Snapshot

    def source_of(self, app: Application) -> Source:
        """The source of an Application, of these files. Raises InvalidObject for one of several sources."""
        if app.spec.multiple:
            title = f"Application/{app.metadata.namespace}/{app.metadata.name}"
            raise InvalidObject(
                "--local takes the place of one source; it has several", obj=title, field="spec.sources"
            )
        return app.spec.all_sources[0].model_copy(update={"path": self.path, "chart": ""})


def local_of(path: str, root: str) -> Local | None:
    """What the options name, None where they are not given. Raises NotFound, InvalidObject for more than is taken."""
    if not path:
        if root:
            raise InvalidObject("--local-repo-root is for --local PATH")
        return None
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise NotFound(f"{path}: no such folder")
    top = Path(root).resolve() if root else _working_tree(folder)
    if not folder.is_relative_to(top):
        raise InvalidObject(f"{path} does not lie below --local-repo-root {root}")
    return Local(folder.relative_to(top).as_posix(), _packed(top))


def _working_tree(folder: Path) -> Path:
    return next((one for one in (folder, *folder.parents) if (one / _GIT).exists()), folder)


def _packed(top: Path) -> Snapshot:
    """The files as an archive, the same for the same files."""
    limits, raw, count, size = Limits(), io.BytesIO(), 0, 0
    with (
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in _files(top):
            info = tar.gettarinfo(file, arcname=file.relative_to(top).as_posix())
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            info.mtime, info.mode = 0, 0o755 if info.mode & 0o100 else 0o644
            count, size = count + 1, size + info.size
            if count > limits.files or size > limits.size:
                most = f"{limits.files} files or {limits.size} bytes"
                raise InvalidObject(f"{top} holds more than {most}: give a smaller --local-repo-root")
            if info.issym():
                tar.addfile(info)
                continue
            info.type = tarfile.REGTYPE  # a file of two names is a file
            with file.open("rb") as data:
                tar.addfile(info, data)
    return Snapshot(raw.getvalue(), count, size)


def _files(top: Path) -> Iterator[Path]:
    """Files and links, in order; what is Git's own is left out."""
    for folder, names, files in os.walk(top):
        links = [name for name in names if (Path(folder) / name).is_symlink()]
        names[:] = sorted(name for name in names if name != _GIT and name not in links)
        for name in sorted([*files, *links]):
            file = Path(folder) / name
            if name != _GIT and (file.is_symlink() or file.is_file()):
                yield file
