"""The files of an archive in memory: a `Bench` to look at, for which nothing is unpacked and on which nothing runs.

In: what `unpack.held` has read. Out: the same answers as a folder's, for archives without links. A repository of a thousand
folders is ten thousand system calls on a disk, after each of which a busy process may have to wait for its turn again.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from argosy.adapters.render import unpack
from argosy.errors import InvalidObject, Unsupported
from argosy.ports.workshop import Run

__all__ = ["MOST_TEXT", "Pages", "empty_submodule", "no_folder", "text_of"]

MOST_TEXT: Final = 16_000_000
_NOWHERE: Final = Path()


class Pages:
    """See `Bench`."""

    def __init__(self, files: Mapping[str, bytes], folders: Collection[str]) -> None:
        self._files = {f"{unpack.TREE}/{name}": data for name, data in files.items()}
        self._inside: dict[str, list[str]] = {unpack.TREE: []}
        self._inside |= {f"{unpack.TREE}/{name}": [] for name in folders}
        for path in (*self._files, *self._inside):
            if path != unpack.TREE:
                self._inside[posixpath.dirname(path)].append(posixpath.basename(path))

    def files(self, folder: str, *, recurse: bool = False) -> Sequence[str]:
        """See `Bench.files`."""
        start = self._at(folder)
        if start not in self._inside:
            raise no_folder(folder)
        if folder and not self._inside[start]:
            raise empty_submodule(folder)
        return list(self._walk(start, "", recurse=recurse))

    def _walk(self, folder: str, before: str, *, recurse: bool) -> Iterator[str]:
        for name in sorted(self._inside[folder], key=os.fsencode):
            path = f"{folder}/{name}"
            if path in self._files:
                yield f"{before}{name}"
            elif recurse:
                yield from self._walk(path, f"{before}{name}/", recurse=True)

    def is_file(self, path: str) -> bool:
        """See `Bench.is_file`."""
        return self._at(path) in self._files

    def is_folder(self, path: str) -> bool:
        """See `Bench.is_folder`."""
        return self._at(path) in self._inside

    def read(self, path: str) -> str:
        """See `Bench.read`."""
        found = self._at(path)
        if found not in self._files:
            raise InvalidObject(f"cannot be read: {self._why_not(found)}", file=path)
        data = self._files[found]
        if len(data) > MOST_TEXT:
            raise InvalidObject(f"larger than {MOST_TEXT} bytes", file=path)
        return text_of(data, path)

    def _why_not(self, path: str) -> str:
        if path in self._inside:
            return "Is a directory"
        above = (str(one) for one in PurePosixPath(path).parents)
        return "Not a directory" if any(one in self._files for one in above) else "No such file or directory"

    def write(self, path: str, text: str) -> None:
        """See `Bench.write`."""
        del text
        raise Unsupported("these files are only looked at", file=path)

    def run(self, call: Run) -> str:
        """See `Bench.run`."""
        raise Unsupported(f"{call.tool} cannot be run where files are only looked at")

    def _at(self, path: str) -> str:
        if "\0" in path:
            raise InvalidObject(f"{path!r} leads nowhere")
        root = str(unpack.root_of(path, _NOWHERE))
        found = path if path.startswith("/") else posixpath.normpath(f"{unpack.TREE}/{path}")
        if found != root and not found.startswith(f"{root}/"):
            raise InvalidObject(f"{path!r} leads out of the repository")
        return found


def text_of(data: bytes, path: str) -> str:
    """What a file holds. Raises InvalidObject for what is no text."""
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as x:
        raise InvalidObject(f"not a text in UTF-8: byte {x.start}", file=path) from x


def no_folder(folder: str) -> InvalidObject:
    """What is said of a source's folder that is not there."""
    return InvalidObject(f"{folder or '.'}: the repository has no such folder", field="spec.source.path")


def empty_submodule(folder: str) -> InvalidObject:
    """What is said of a source's folder without anything in it, as Git keeps none but those of submodules."""
    why = f"{folder} is an empty submodule: .gitmodules does not tell where it is from"
    return InvalidObject(why, field="spec.source.path")
