"""A workshop in memory, whose tools are a function."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from argosy.errors import InvalidObject
from argosy.ports.workshop import Bench, Run

__all__ = ["FakeBench", "FakeWorkshop"]


class FakeBench:
    """Files by path; `ran` are the calls, answered by `tools`."""

    def __init__(self, held: Mapping[str, str], tools: Callable[[Run], str]) -> None:
        self._held, self._tools = dict(held), tools
        self.ran: list[Run] = []

    def files(self, folder: str, *, recurse: bool = False) -> Sequence[str]:
        """See `Bench.files`."""
        if not self.is_folder(folder):
            raise InvalidObject(f"{folder}: the repository has no such folder")
        below = [posixpath.relpath(path, folder or ".") for path in self._held if _is_below(path, folder)]
        # Go walks folder by folder, so that `a/b` stands before `a.b`.
        return sorted((path for path in below if recurse or "/" not in path), key=lambda path: path.split("/"))

    def is_file(self, path: str) -> bool:
        """See `Bench.is_file`."""
        return posixpath.normpath(path) in self._held

    def is_folder(self, path: str) -> bool:
        """See `Bench.is_folder`."""
        return any(_is_below(held, path) for held in self._held)

    def read(self, path: str) -> str:
        """See `Bench.read`."""
        if not self.is_file(path):
            raise InvalidObject("is not there", file=path)
        return self._held[posixpath.normpath(path)]

    def write(self, path: str, text: str) -> None:
        """See `Bench.write`."""
        self._held[posixpath.normpath(path)] = text

    def run(self, call: Run) -> str:
        """See `Bench.run`."""
        self.ran.append(call)
        return self._tools(call)


class FakeWorkshop:
    """Makes benches; `benches` are those that were made."""

    def __init__(self, tools: Callable[[Run], str] = lambda _call: "") -> None:
        self._tools = tools
        self.versions: Mapping[str, str] = {"helm": "1", "kustomize": "1", "jsonnet": "1"}
        self.benches: list[FakeBench] = []
        self._kept: dict[str, bytes] = {}

    @contextmanager
    def browse(self, digest: str, archive: Callable[[], bytes]) -> Iterator[Bench]:
        """See `Workshop.browse`."""
        if digest not in self._kept:
            self._kept[digest] = archive()
        yield FakeBench(_held(self._kept[digest]), self._tools)

    @contextmanager
    def bench(self, archive: bytes, parts: Mapping[str, bytes] = MappingProxyType({})) -> Iterator[Bench]:
        """See `Workshop.bench`."""
        held = _held(archive)
        for at, part in parts.items():
            held |= {f"{at}/{name}": text for name, text in _held(part).items()}
        bench = FakeBench(held, self._tools)
        self.benches.append(bench)
        yield bench


def _held(archive: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        contents = ((member.name, tar.extractfile(member)) for member in tar)
        return {name: content.read().decode() if content else "" for name, content in contents}


def _is_below(path: str, folder: str) -> bool:
    clean = posixpath.normpath(folder or ".")
    return not path.startswith("../") if clean == "." else path.startswith(f"{clean}/")
