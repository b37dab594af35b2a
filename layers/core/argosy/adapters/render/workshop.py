"""Workshop port on folders and child processes.

In: archives; out: benches. A bench is a folder `argosy-render-<process>-…` below the folder for temporary files, readable
by its owner alone: `tree` holds the files, `home` is what the tools take for home, and parts beside the tree lie beside it.
It is removed with the `with` that made it. Files that are only looked at are kept for who comes next: in memory, or in
`argosy-files-<process>-…` when they are large or have links. What a process has left that was killed is removed by the next
one. Called by `argosy.services.rendering`.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from argosy.adapters.render import children, unpack
from argosy.adapters.render.pages import MOST_TEXT, Pages, empty_submodule, no_folder, text_of
from argosy.adapters.render.versions import VERSIONS
from argosy.errors import EvaluationError, InvalidObject, Unavailable
from argosy.ports.workshop import Bench, Run

__all__ = ["ToolWorkshop"]

_PREFIX: Final = "argosy-render-"
_KEPT_PREFIX: Final = "argosy-files-"
_EVALUATE: Final = Path(__file__).with_name("evaluate.py")
_KEPT: Final = 2
_MOST_IN_MEMORY: Final = 16_000_000
_MOST_WORDS: Final = 4_000
_PATH: Final = os.environ.get("PATH") or os.defpath
_NO_MEMORY: Final = ("out of memory", "cannot allocate memory", "MemoryError")


class _Kept:
    """Files that several look at; of dropped ones the folders are removed when the last has looked, of others at the end."""

    def __init__(self, bench: Bench, *folders: Path) -> None:
        self.bench, self.readers, self.dropped = bench, 0, False
        self.remove = weakref.finalize(self, _remove, folders)

    def drop(self) -> None:
        """Nobody else shall look at it."""
        self.dropped = True
        if not self.readers:
            self.remove()


class ToolWorkshop:
    """Runs the tools that `find` finds by name (helm, kustomize); the limits of time are those of a whole render."""

    def __init__(
        self,
        find: Callable[[str], Path],
        *,
        limits: children.Limits | None = None,
        unpacking: unpack.Limits | None = None,
        folder: Path | None = None,
    ) -> None:
        self._find = find
        self._limits, self._unpacking = limits or children.Limits(), unpacking or unpack.Limits()
        self._folder = folder or Path(tempfile.gettempdir())
        self._mutex = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    @property
    def versions(self) -> Mapping[str, str]:
        """See `Workshop.versions`."""
        return VERSIONS

    @contextmanager
    def browse(self, digest: str, archive: Callable[[], bytes]) -> Iterator[Bench]:
        """See `Workshop.browse`."""
        with self._mutex:
            kept = self._kept.get(digest)
            if kept is None:
                kept = self._kept[digest] = self._looked_at(archive())
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)[1].drop()
            self._kept.move_to_end(digest)
            kept.readers += 1
        try:
            yield kept.bench
        finally:
            with self._mutex:
                kept.readers -= 1
                if kept.dropped and not kept.readers:
                    kept.remove()

    def _looked_at(self, archive: bytes) -> _Kept:
        found = unpack.held(archive, self._unpacking, _MOST_IN_MEMORY)
        if found is not None:
            return _Kept(Pages(*found))
        root = Path(self._scratch(_KEPT_PREFIX)).resolve()
        kept = _Kept(_Folder(root, self._find, self._limits), root)
        try:
            self._fill(root, archive)
        except BaseException:
            kept.drop()
            raise
        return kept

    def _scratch(self, prefix: str) -> str:
        _sweep(self._folder)
        try:
            return tempfile.mkdtemp(dir=self._folder, prefix=f"{prefix}{os.getpid()}-")
        except OSError as x:
            raise Unavailable(f"no folder for rendering can be made below {self._folder}: {x}") from x

    def _fill(self, root: Path, archive: bytes, parts: Mapping[str, bytes] = MappingProxyType({})) -> None:
        for name in (unpack.TREE, unpack.HOME):
            (root / name).mkdir()
        try:
            unpack.unpack_all(archive, parts, root, self._unpacking)
        except OSError as x:
            raise EvaluationError(f"the archive cannot be unpacked: {x.strerror}") from x

    @contextmanager
    def bench(self, archive: bytes, parts: Mapping[str, bytes] = MappingProxyType({})) -> Iterator[Bench]:
        """See `Workshop.bench`."""
        root = Path(self._scratch(_PREFIX)).resolve()
        try:
            self._fill(root, archive, parts)
            yield _Folder(root, self._find, self._limits)
        finally:
            shutil.rmtree(root)


class _Folder:
    """See `Bench`."""

    def __init__(self, scratch: Path, find: Callable[[str], Path], limits: children.Limits) -> None:
        self._scratch, self._tree, self._home = scratch, scratch / unpack.TREE, scratch / unpack.HOME
        self._find, self._limits = find, limits
        self._ends = time.monotonic() + limits.seconds

    def files(self, folder: str, *, recurse: bool = False) -> Sequence[str]:
        """See `Bench.files`."""
        start = self._at(folder)
        if not start.is_dir():
            raise no_folder(folder)
        if folder and not any(start.iterdir()):
            raise empty_submodule(folder)
        return list(self._walk(start, "", recurse=recurse))

    def _walk(self, folder: Path, before: str, *, recurse: bool) -> Iterator[str]:
        for entry in sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)):
            name = f"{before}{entry.name}"
            if entry.is_dir() and not entry.is_symlink():
                if recurse:
                    yield from self._walk(entry, f"{name}/", recurse=True)
            elif entry.is_file():
                yield name

    def is_file(self, path: str) -> bool:
        """See `Bench.is_file`."""
        return self._at(path).is_file()

    def is_folder(self, path: str) -> bool:
        """See `Bench.is_folder`."""
        return self._at(path).is_dir()

    def read(self, path: str) -> str:
        """See `Bench.read`."""
        file = self._at(path)
        try:
            if file.stat().st_size > MOST_TEXT:
                raise InvalidObject(f"larger than {MOST_TEXT} bytes", file=path)
            return text_of(file.read_bytes(), path)
        except OSError as x:
            raise InvalidObject(f"cannot be read: {x.strerror}", file=path) from x

    def write(self, path: str, text: str) -> None:
        """See `Bench.write`."""
        try:
            self._at(path).write_text(text, encoding="utf-8")
        except OSError as x:
            raise InvalidObject(f"cannot be written: {x.strerror}", file=path) from x

    def _at(self, path: str) -> Path:
        try:
            found = (self._tree / path).resolve()
        except (OSError, RuntimeError, ValueError) as x:
            raise InvalidObject(f"{path!r} leads nowhere") from x
        if not found.is_relative_to(unpack.root_of(path, self._scratch)):
            raise InvalidObject(f"{path!r} leads out of the repository")
        return found

    def run(self, call: Run) -> str:
        """See `Bench.run`."""
        if call.tool == "plugin" and not call.keeps_modes:
            self._tame()
        given = self._home / ".given"
        given.write_text(call.text, encoding="utf-8")
        left = replace(self._limits, seconds=max(0.1, self._ends - time.monotonic()))
        try:
            ended = children.run(
                self._command(call),
                self._at(call.folder),
                self._environment(call),
                given,
                left,
                networked=call.networked,
            )
        except EvaluationError as x:
            raise EvaluationError(f"{call.tool}: {x}") from None
        if ended.code:
            raise EvaluationError(f"{call.tool}: {self._reason(ended)}")
        try:
            return ended.output.decode()
        except UnicodeDecodeError as x:
            raise EvaluationError(f"{call.tool}: its output is not UTF-8 at byte {x.start}") from x

    def _command(self, call: Run) -> list[str]:
        if call.tool == "plugin":
            return [_program(call.arguments[0]), *call.arguments[1:]]
        if call.tool != "jsonnet":
            return [str(self._find(call.tool)), *call.arguments]
        return [sys.executable, "-I", "-S", str(_EVALUATE), str(_gojsonnet().parent), str(self._tree)]

    def _environment(self, call: Run) -> dict[str, str]:
        """All that a tool knows of the machine; the last two are for Go, which then frees memory early and dies quietly."""
        home = str(self._home)
        if call.tool == "plugin":
            return {"PATH": _PATH, **call.environment, "HOME": home, "TMPDIR": home}
        path = {"PATH": ":".join(str(self._find(name).parent) for name in call.starts)} if call.starts else {}
        return path | {
            "HOME": home,
            "TMPDIR": home,
            "GOMEMLIMIT": str(self._limits.memory * 3 // 4),
            "GOTRACEBACK": "none",
        }

    def _tame(self) -> None:
        """No file of the repository can be run."""
        for folder, _, names in os.walk(self._tree):
            for name in names:
                file = Path(folder, name)
                if not file.is_symlink():
                    file.chmod(0o644)

    def _reason(self, ended: children.Ended) -> str:
        words = ended.words.decode("utf-8", "replace")
        if any(sign in words for sign in _NO_MEMORY):
            return f"it needs more than {self._limits.memory} bytes of memory"
        if ended.code < 0:
            return f"it was killed by signal {-ended.code}: it needs more time or memory than there is"
        # Longest first: the tree lies in the scratch folder.
        for path, shown in ((f"{self._tree}/", ""), (str(self._tree), "."), (str(self._home.parent), ".")):
            words = words.replace(path, shown)
        # Go's commands write warnings, then "Error: …", then perhaps how to find out more.
        said = re.sub(r"\A.*?^Error: ", "", words, count=1, flags=re.DOTALL | re.MULTILINE)
        said = said.partition("\n\nUse --debug")[0].strip()
        return said[:_MOST_WORDS] or f"it ended with exit code {ended.code} and said nothing"


def _program(name: str) -> str:
    """Where a plugin's program is; one with a slash is seen from the folder that it runs in."""
    found = name if "/" in name else shutil.which(name, path=_PATH)
    if found is None:
        raise EvaluationError(f"{name} is not on the PATH of this process")
    return found


def _remove(folders: Sequence[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _gojsonnet() -> Path:
    found = importlib.util.find_spec("_gojsonnet")
    if found is None or found.origin is None:
        raise Unavailable("gojsonnet is not installed here: the function needs the layer render")
    return Path(found.origin)


@cache
def _sweep(folder: Path) -> None:
    """Remove what processes left that are no more, once; one of our own number is of an earlier process, too."""
    for left in (*folder.glob(f"{_PREFIX}*"), *folder.glob(f"{_KEPT_PREFIX}*")):
        number = left.name.removeprefix(_PREFIX).removeprefix(_KEPT_PREFIX).partition("-")[0]
        if number == str(os.getpid()) or not _alive(number):
            shutil.rmtree(left, ignore_errors=True)


def _alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
