"""Files of an archive that are only looked at: in memory they answer as in a folder."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.adapters.render import unpack
from argosy.adapters.render.pages import Pages
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.errors import ArgosyError, EvaluationError, Unsupported
from argosy.ports.workshop import Bench
from support.rendering import archive

FILES = {
    "top.yaml": b"top",
    "apps/a/all.yaml": b"\xef\xbb\xbfmarked",
    "apps/a/b.yaml": "wide".encode("utf-16"),
    "apps/a/b/deep.yaml": b"deep",
    "apps/a-b/x": b"\xff\xfe\x00",
    "apps/Z": b"",
    "apps/\N{LATIN SMALL LETTER E WITH ACUTE}": b"\xff",
}
PATHS = [
    "",
    ".",
    "apps",
    "apps/",
    "apps/a",
    "apps/a/",
    "apps/../apps/a",
    "apps/a/all.yaml",
    "apps/a/all.yaml/x",
    "none",
]
PATHS += ["apps/a/b", "apps/a/b.yaml", "apps/a-b/x", "apps/Z", "apps/\N{LATIN SMALL LETTER E WITH ACUTE}", "hollow"]
PATHS += ["..", "../tree", "../tree/top.yaml", "../home", "../apps", "../apps/a", "../../etc", "/etc/passwd", "a\0b"]
ASKS: dict[str, Callable[[Bench, str], object]] = {
    "files": lambda bench, path: bench.files(path),
    "all files": lambda bench, path: bench.files(path, recurse=True),
    "is_file": lambda bench, path: bench.is_file(path),
    "is_folder": lambda bench, path: bench.is_folder(path),
    "read": lambda bench, path: bench.read(path),
}


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """A member of an archive; a file is empty."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


ARCHIVE = archive(FILES, member("hollow", tarfile.DIRTYPE), member("apps/a", tarfile.DIRTYPE))


@pytest.fixture(scope="module")
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Bench]]:
    workshop = ToolWorkshop(Path, folder=tmp_path_factory.mktemp("benches"))
    with workshop.browse("d", lambda: ARCHIVE) as looked_at, workshop.bench(ARCHIVE) as folder:
        assert isinstance(looked_at, Pages)
        yield looked_at, folder


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("how", ASKS)
def test_the_same_answer(benches: tuple[Bench, Bench], how: str, path: str) -> None:
    def ask(bench: Bench) -> object:
        try:
            return ASKS[how](bench, path)
        except ArgosyError as x:
            return type(x), str(x)

    assert ask(benches[0]) == ask(benches[1])


def test_nothing_is_done_there(benches: tuple[Bench, Bench]) -> None:
    call: Any = type("Call", (), {"tool": "helm"})
    with pytest.raises(Unsupported):
        benches[0].write("a", "b")
    with pytest.raises(Unsupported):
        benches[0].run(call)


REFUSED: dict[str, tuple[bytes, unpack.Limits]] = {
    "a file twice": (archive({"a": b"1"}, member("a")), unpack.Limits()),
    "a file below a file": (archive({"a": b"1", "a/b": b"2"}), unpack.Limits()),
    "a file in the place of a folder": (archive({"a/b": b"1", "a": b"2"}), unpack.Limits()),
    "a folder in the place of a file": (archive({"a": b"1"}, member("a", tarfile.DIRTYPE)), unpack.Limits()),
    "an absolute name": (archive({"/a": b"1"}), unpack.Limits()),
    "a name that leads out": (archive({"../a": b"1"}), unpack.Limits()),
    "a pipe": (archive({"a": b"1"}, member("other", tarfile.FIFOTYPE)), unpack.Limits()),
    "a hard link": (archive({"a": b"1"}, member("other", tarfile.LNKTYPE, "a")), unpack.Limits()),
    "too large": (archive({"a": b"x" * 20_000}), unpack.Limits(size=20_000)),
    "too many": (archive({f"f{number}": b"" for number in range(20)}), unpack.Limits(files=12)),
    "cut off": (archive({"a": b"1"})[:-12], unpack.Limits()),
    "no archive": (b"rubbish", unpack.Limits()),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_taken_is_refused_alike(what: str, tmp_path: Path) -> None:
    packed, limits = REFUSED[what]
    with pytest.raises(EvaluationError) as in_memory:
        unpack.held(packed, limits, 1_000_000)
    with pytest.raises(EvaluationError) as unpacked:
        unpack.unpack(packed, tmp_path, limits)
    assert str(in_memory.value) == str(unpacked.value)


@pytest.mark.parametrize(
    "packed",
    [archive({"a": b"1"}, member("other", tarfile.SYMTYPE, "a")), archive({"a": b"x" * 100_000, "b": b""})],
    ids=["a link", "large"],
)
def test_what_only_a_folder_can_tell_lies_in_one(packed: bytes) -> None:
    assert unpack.held(packed, unpack.Limits(), 50_000) is None
