"""Building with Go, played by a script that keeps a diary."""

from __future__ import annotations

from pathlib import Path

import pytest

from argosy.errors import Unavailable
from argosy.local.devcluster.gobuild import GoBuild, find_go
from argosy.local.devcluster.versions import BINARIES, KUBERNETES, MODULES

SCRIPT = """#!/bin/sh
case "$1" in
  env) echo {version} ;;
  get) echo "get $*" >> {diary}; {get} ;;
  build) echo "build $*" >> {diary}; while [ "$1" != -o ]; do shift; done; {build} ;;
esac
"""


def fake_go(folder: Path, *, version: str = "go1.24.1", get: str = "true", build: str = 'echo built > "$2"') -> str:
    path = folder / "go"
    path.write_text(SCRIPT.format(version=version, diary=folder / "diary", get=get, build=build))
    path.chmod(0o755)
    return str(path)


def diary(folder: Path) -> list[str]:
    return (folder / "diary").read_text().splitlines()


def test_a_build_resolves_the_module_once_and_stamps_the_version(tmp_path: Path) -> None:
    source = GoBuild(tmp_path / "caches", go=fake_go(tmp_path))
    assert source.obtain("kube-apiserver", tmp_path) == ["kube-apiserver"]
    assert source.obtain("kube-scheduler", tmp_path) == ["kube-scheduler"]
    assert (tmp_path / "kube-scheduler").read_text() == "built\n"
    entries = diary(tmp_path)
    assert [entry.split()[0] for entry in entries] == ["get", "build", "build"]
    assert f"k8s.io/kubernetes/cmd/kube-apiserver@v{KUBERNETES}" in entries[0]
    assert f"version.gitVersion=v{KUBERNETES}" in entries[1]
    assert "-trimpath" in entries[1]


def test_a_resolution_that_failed_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="failed with exit code 1: module lookup disabled"):
        GoBuild(tmp_path / "caches", go=fake_go(tmp_path, get="echo module lookup disabled; exit 1")).obtain(
            "etcd", tmp_path
        )
    GoBuild(tmp_path / "caches", go=fake_go(tmp_path)).obtain("etcd", tmp_path)
    assert [entry.split()[0] for entry in diary(tmp_path)] == ["get", "get", "build"]


def test_a_failed_build_ends_with_the_last_words_of_go(tmp_path: Path) -> None:
    go = fake_go(tmp_path, build="echo go: downloading x; echo main.go:1: no; exit 2")
    with pytest.raises(Unavailable, match=r"exit code 2: main\.go:1: no$"):
        GoBuild(tmp_path / "caches", go=go).obtain("etcd", tmp_path)


def test_a_go_that_is_too_old_is_refused(tmp_path: Path) -> None:
    go = fake_go(tmp_path, version="go1.19.8")
    with pytest.raises(Unavailable, match=r"is go1\.19\.8; building needs Go 1\.24\.0 or newer"):
        GoBuild(tmp_path / "caches", go=go).obtain("etcd", tmp_path)


def test_without_go_the_error_names_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"install Go .* set KUBEBUILDER_ASSETS .* --cluster CONTEXT"):
        find_go(str(tmp_path), places=(str(tmp_path / "nowhere"),))


def test_go_is_found_on_the_path_and_in_the_usual_places(tmp_path: Path) -> None:
    go = fake_go(tmp_path)
    assert find_go(str(tmp_path), places=()) == go
    assert find_go("", places=(str(tmp_path / "nowhere"), go)) == go


def test_the_generated_module_pins_every_staging_module() -> None:
    text = MODULES["devcluster"].text()
    assert f"require k8s.io/kubernetes v{KUBERNETES}\n" in text
    assert "\tk8s.io/api => k8s.io/api v0.34.0\n" in text
    assert text.count("=>") == 31


def test_every_binary_belongs_to_a_module() -> None:
    assert {binary.module for binary in BINARIES.values()} == set(MODULES)
