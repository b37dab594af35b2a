"""Folders of a commit: one digest each, and which are made of nothing but their own files."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from typing import Any

import pytest

from argosy.errors import EvaluationError
from argosy.gitops import folders
from argosy.gitops.contents import contents_of
from argosy.gitops.folders import content_of
from argosy.resources.source import Source

FILES = {"README.md": "x", "apps/a/all.yaml": "a", "apps/a/deep/more.yaml": "b", "apps/b/all.yaml": "c"}


def archive(files: Mapping[str, str], links: Mapping[str, str] | None = None) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return gzip.compress(raw.getvalue())


def told(files: Mapping[str, str], links: Mapping[str, str] | None = None) -> Mapping[str, list[Any]]:
    return contents_of(archive(files, links)).folders


def source(path: str, **more: object) -> Source:
    return Source.model_validate({"repoURL": "r", "path": path, **more})


def test_a_change_counts_in_its_folder_and_in_those_around_it() -> None:
    before, after = told(FILES), told(FILES | {"apps/a/deep/more.yaml": "new"})
    assert {path for path in before if before[path] != after[path]} == {"", "apps", "apps/a", "apps/a/deep"}
    assert before["apps/b"] == after["apps/b"]


def test_a_file_that_moves_is_a_change() -> None:
    moved = {"apps/a/other.yaml": "a", "apps/a/deep/more.yaml": "b"}
    assert told(FILES)["apps/a"] != told(moved)["apps/a"]


@pytest.mark.parametrize(
    ("files", "links", "plain"),
    [
        ({}, {}, True),
        ({"apps/a/Chart.yaml": ""}, {}, False),
        ({"apps/a/kustomization.yaml": ""}, {}, False),
        ({"apps/a/deep/kustomization.yaml": ""}, {}, True),
        ({"apps/a/deep/x.jsonnet": ""}, {}, False),
        ({"apps/a/.argocd-source.yaml": ""}, {}, False),
        ({"apps/a/.argocd-source-shop.yaml": ""}, {}, False),
        ({}, {"apps/a/link.yaml": "../b/all.yaml"}, False),
        ({"Chart.yaml": ""}, {}, True),
    ],
)
def test_what_is_made_of_its_own_files_alone(files: dict[str, str], links: dict[str, str], plain: bool) -> None:
    found = told(FILES | files, links)
    assert bool(content_of(found, source("apps/a"))) is plain


@pytest.mark.parametrize(
    "given",
    [
        {"helm": {"releaseName": "x"}},
        {"kustomize": {"namePrefix": "x"}},
        {"plugin": {}, "chart": "x"},
        {"ref": "values"},
        {"directory": {"jsonnet": {"libs": ["x"]}}},
    ],
)
def test_a_source_that_reaches_elsewhere(given: dict[str, object]) -> None:
    assert content_of(told(FILES), source("apps/a", **given)) == ""


@pytest.mark.parametrize("path", ["apps/a", "./apps/a", "apps/a/", "apps/b/../a"])
def test_paths_as_people_write_them(path: str) -> None:
    found = told(FILES)
    assert content_of(found, source(path)) == found["apps/a"][0]


def test_a_folder_that_is_not_there() -> None:
    assert content_of(told(FILES), source("nowhere")) == ""


def test_of_too_many_folders_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_FOLDERS", 3)
    assert told(FILES) == {}


def test_what_is_no_archive() -> None:
    with pytest.raises(EvaluationError, match="the archive cannot be read"):
        contents_of(b"nonsense")
