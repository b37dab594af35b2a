"""The cache of binaries: order of sources, whole files only, one filler at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from argosy.errors import Unavailable
from argosy.local.devcluster.binaries import BinaryCache, preset_directory
from argosy.local.devcluster.progress import QuietProgress


class Maker:
    """A source that writes little files instead of asking Go."""

    def __init__(self, title: str, makes: Sequence[str], hook: Callable[[str, Path], None] | None = None) -> None:
        self.title, self._makes, self._hook = title, makes, hook
        self.asked: list[str] = []

    def seconds(self, _name: str, /) -> float:
        return 1.0

    def offers(self, name: str) -> bool:
        return name in self._makes

    def obtain(self, name: str, staging: Path, /) -> list[str]:
        self.asked.append(name)
        (staging / name).write_text(f"{name} by {self.title}")
        if self._hook:
            self._hook(name, staging)
        return [name]


class Notes(QuietProgress):
    """Keeps what is said."""

    def __init__(self, on_note: Callable[[], None] = lambda: None) -> None:
        self.lines: list[str] = []
        self._on_note = on_note

    def note(self, line: str, /) -> None:
        self.lines.append(line)
        self._on_note()


def refuse(name: str, _staging: Path) -> None:
    raise Unavailable(f"no {name} today")


def visible(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != ".lock")


def test_first_source_that_delivers_wins_and_the_file_is_executable(tmp_path: Path) -> None:
    first, second = Maker("first", ["etcd"]), Maker("second", ["etcd", "kwok"])
    paths = BinaryCache(tmp_path / "kube", [first, second]).obtain(["etcd", "kwok"])
    assert {name: path.read_text() for name, path in paths.items()} == {
        "etcd": "etcd by first",
        "kwok": "kwok by second",
    }
    assert all(os.access(path, os.X_OK) for path in paths.values())
    assert visible(tmp_path / "kube") == ["etcd", "kwok"]


def test_what_is_cached_is_not_obtained_again(tmp_path: Path) -> None:
    BinaryCache(tmp_path, [Maker("one", ["etcd"])]).obtain(["etcd"])
    later = Maker("two", ["etcd"])
    assert BinaryCache(tmp_path, [later]).obtain(["etcd"])["etcd"].read_text() == "etcd by one"
    assert later.asked == []


def test_a_source_that_failed_is_told_of_once_and_not_asked_again(tmp_path: Path) -> None:
    notes, broken, good = Notes(), Maker("broken", ["etcd", "kwok"], refuse), Maker("good", ["etcd", "kwok"])
    BinaryCache(tmp_path, [broken, good], progress=notes).obtain(["etcd", "kwok"])
    assert broken.asked == ["etcd"]
    assert notes.lines == ["broken not used: no etcd today"]


def test_every_reason_is_in_the_error_when_nothing_delivers(tmp_path: Path) -> None:
    cache = BinaryCache(tmp_path, [Maker("web", ["kwok"], refuse), Maker("go", ["kwok"], refuse)])
    with pytest.raises(Unavailable, match="cannot get kwok: web: no kwok today; go: no kwok today"):
        cache.obtain(["kwok"])
    assert visible(tmp_path) == []


def test_nothing_offers_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no source offers it"):
        BinaryCache(tmp_path, []).obtain(["kwok"])


def test_an_interrupted_filling_keeps_what_was_done_and_goes_on_there(tmp_path: Path) -> None:
    def interrupt(name: str, staging: Path) -> None:
        if name == "kwok":
            assert (staging / name).exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BinaryCache(tmp_path, [Maker("one", ["etcd", "kwok"], interrupt)]).obtain(["etcd", "kwok"])
    assert visible(tmp_path) == ["etcd"]
    again = Maker("two", ["etcd", "kwok"])
    BinaryCache(tmp_path, [again]).obtain(["etcd", "kwok"])
    assert again.asked == ["kwok"]


def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    left = tmp_path / ".staging-abc"
    left.mkdir()
    (left / "etcd").write_text("half")
    BinaryCache(tmp_path, [Maker("one", ["etcd"])]).obtain(["etcd"])
    assert visible(tmp_path) == ["etcd"]


def test_nobody_sees_a_file_before_it_is_whole(tmp_path: Path) -> None:
    seen: list[Path | None] = []

    def look(name: str, _staging: Path) -> None:
        seen.append(BinaryCache(tmp_path, []).find(name))

    BinaryCache(tmp_path, [Maker("one", ["etcd"], look)]).obtain(["etcd"])
    assert seen == [None]


def test_a_second_process_waits_says_so_and_finds_the_work_done(tmp_path: Path) -> None:
    building, waiting = threading.Event(), threading.Event()

    def slow(_name: str, _staging: Path) -> None:
        building.set()
        assert waiting.wait(30)

    first = BinaryCache(tmp_path, [Maker("first", ["etcd"], slow)])
    filler = threading.Thread(target=first.obtain, args=(["etcd"],))
    filler.start()
    assert building.wait(30)
    late, notes = Maker("late", ["etcd"]), Notes(waiting.set)
    path = BinaryCache(tmp_path, [late], progress=notes).obtain(["etcd"])["etcd"]
    filler.join(30)
    assert path.read_text() == "etcd by first"
    assert late.asked == []
    assert "waiting for it to get etcd" in notes.lines[0]


def test_each_binary_is_announced_when_it_is_there(tmp_path: Path) -> None:
    told: list[str] = []
    source = Maker("one", ["etcd", "kwok"])
    BinaryCache(tmp_path, [source]).obtain(
        ["etcd", "kwok"], lambda name, _path: told.append(f"{name} of {len(source.asked)}")
    )
    assert told == ["etcd of 1", "kwok of 2"]


def test_preset_binaries_are_used_where_they_lie(tmp_path: Path) -> None:
    preset = tmp_path / "assets"
    preset.mkdir()
    (preset / "etcd").write_text("theirs")
    (preset / "etcd").chmod(0o755)
    (preset / "kwok").write_text("not executable")
    source = Maker("go", ["etcd", "kwok"])
    paths = BinaryCache(tmp_path / "kube", [source], preset=preset).obtain(["etcd", "kwok"])
    assert paths["etcd"] == preset / "etcd"
    assert source.asked == ["kwok"]
    assert visible(tmp_path / "kube") == ["kwok"]


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({}, None), ({"KUBEBUILDER_ASSETS": ""}, None), ({"KUBEBUILDER_ASSETS": "/opt/kb"}, Path("/opt/kb"))],
)
def test_preset_directory(environ: dict[str, str], expected: Path | None) -> None:
    assert preset_directory(environ) == expected
