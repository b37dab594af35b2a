"""Further archives laid into the files of a commit, or beside them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from argosy.adapters.render.unpack import Limits
from argosy.adapters.render.workshop import ToolWorkshop
from argosy.errors import EvaluationError, InvalidObject
from support.rendering import archive

MAIN = {"chart/Chart.yaml": "name: x", "chart/charts/old/Chart.yaml": "name: old"}


def link(name: str, target: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = tarfile.SYMTYPE, target
    return made


def folder(name: str) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type = tarfile.DIRTYPE
    return made


@pytest.fixture
def workshop(tmp_path: Path) -> ToolWorkshop:
    return ToolWorkshop(lambda name: tmp_path / name, folder=tmp_path)


def test_into_the_tree_and_beside_it(workshop: ToolWorkshop) -> None:
    parts = {
        "chart/charts/new/charts/deep": archive({"Chart.yaml": "name: deep"}),
        "chart/charts/new": archive({"Chart.yaml": "name: new"}),
        "../values": archive({"a/common.yaml": "a: 1"}, link("b", "a")),
        "sub": archive({"x": "y"}),
    }
    with workshop.bench(archive(MAIN, folder("sub")), parts) as bench:
        assert bench.files("chart", recurse=True) == [
            "Chart.yaml",
            "charts/new/Chart.yaml",
            "charts/new/charts/deep/Chart.yaml",
            "charts/old/Chart.yaml",
        ]
        assert bench.read("../values/b/common.yaml") == "a: 1"
        assert bench.files("../values", recurse=True) == ["a/common.yaml"]
        assert bench.read("sub/x") == "y"
        assert not bench.is_folder("values")


@pytest.mark.parametrize("path", ["../home/.given", "../values/../tree/x", "../../x", "x/../../values"])
def test_nothing_else_is_reached(workshop: ToolWorkshop, path: str) -> None:
    with (
        workshop.bench(archive(MAIN), {"../values": archive({"x": ""})}) as bench,
        pytest.raises(InvalidObject, match="leads out"),
    ):
        bench.read(path)


@pytest.mark.parametrize(
    "at",
    [
        "",
        ".",
        "..",
        "/x",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "../",
        "../tree",
        "../home",
        "../A",
        "../a/b",
        "../../a",
        "a\0",
    ],
)
def test_no_place(workshop: ToolWorkshop, at: str) -> None:
    with (
        pytest.raises(EvaluationError, match="no place for a part"),
        workshop.bench(archive(MAIN), {at: archive({"x": ""})}),
    ):
        pass


@pytest.mark.parametrize(
    ("at", "says"),
    [
        ("chart/charts/old", "something is there"),
        ("chart/Chart.yaml", "something is there"),
        ("chart/Chart.yaml/x", "something is there"),
        ("way/x", "a link stands"),
        ("way", "a link stands"),
        ("nowhere", "a link stands"),
    ],
)
def test_a_place_that_is_taken(workshop: ToolWorkshop, at: str, says: str) -> None:
    main = archive(MAIN, link("way", "chart"), link("nowhere", "to/be"))
    with pytest.raises(EvaluationError, match=says), workshop.bench(main, {at: archive({"x": ""})}):
        pass


def test_links_of_a_part_stay_in_it(workshop: ToolWorkshop) -> None:
    part = archive({"x": ""}, link("out", "../../Chart.yaml"))
    with (
        pytest.raises(EvaluationError, match="leads out of the repository"),
        workshop.bench(archive(MAIN), {"chart/charts/new": part}),
    ):
        pass


def test_links_of_the_tree_that_lead_out_once_a_part_is_there(workshop: ToolWorkshop) -> None:
    """Without the part, `new/in` is no link, and the way back ends inside."""
    main = archive({"a/b/c": ""}, link("evil", "a/new/in/../../../values/x"))
    parts = {"../values": archive({"x": "secret"}), "a/new": archive({"y": ""}, link("in", "."))}
    with workshop.bench(main), workshop.bench(main, {"../values": parts["../values"]}):
        pass
    with pytest.raises(EvaluationError, match="leads out of the repository"), workshop.bench(main, parts):
        pass


def test_a_part_twice(workshop: ToolWorkshop) -> None:
    """What one part has made is no place for another."""
    parts = {"a": archive({"b/c": ""}), "a/b": archive({"d": ""})}
    with pytest.raises(EvaluationError, match="something is there"), workshop.bench(archive(MAIN), parts):
        pass


@pytest.mark.parametrize("limits", [Limits(size=30_000), Limits(files=4)])
def test_limits_are_those_of_all_together(tmp_path: Path, limits: Limits) -> None:
    workshop = ToolWorkshop(lambda name: tmp_path / name, folder=tmp_path, unpacking=limits)
    part = archive({"x": "", "y": ""})
    with workshop.bench(archive(MAIN), {"p": part}):
        pass
    with (
        pytest.raises(EvaluationError, match="holds more than"),
        workshop.bench(archive(MAIN), {"p": part, "q": part}),
    ):
        pass
