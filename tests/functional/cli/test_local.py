"""Files of this machine in place of a source: what is taken along, and which folder is meant."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from argosy.cli.apps.local import local_of
from argosy.cli.apps.store import application
from argosy.errors import ArgosyError, InvalidObject, NotFound


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A working tree with a folder `apps/web`, whose base is a link."""
    for name in (".git/config", "apps/web/all.yaml", "base/all.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "apps/web/base").symlink_to("../../base")
    return tmp_path


def names(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))) as tar:
        return tar.getnames()


def test_all_of_the_working_tree_but_what_is_gits(tree: Path) -> None:
    found = local_of(str(tree / "apps/web"), "")
    assert found is not None
    assert (found.path, names(found.files.archive)) == (
        "apps/web",
        ["apps/web/all.yaml", "apps/web/base", "base/all.yaml"],
    )
    assert local_of(str(tree / "apps/web"), "") == found, "the same files are the same archive"


def test_a_root_that_is_given(tree: Path) -> None:
    found = local_of(str(tree / "apps/web"), str(tree / "apps"))
    assert found is not None
    assert (found.path, names(found.files.archive)) == ("web", ["web/all.yaml", "web/base"])


@pytest.mark.parametrize(
    ("path", "root", "error", "said"),
    [
        ("", "base", InvalidObject, "is for --local"),
        ("nowhere", "", NotFound, "no such folder"),
        ("apps/web", "base", InvalidObject, "does not lie below"),
    ],
)
def test_what_cannot_be_meant(tree: Path, path: str, root: str, error: type[ArgosyError], said: str) -> None:
    where = [str(tree / one) if one else "" for one in (path, root)]
    with pytest.raises(error, match=said):
        local_of(*where)


def test_the_source_is_that_folder(tree: Path) -> None:
    local = local_of(str(tree / "apps/web"), "")
    assert local is not None
    metadata = {"name": "a", "namespace": "argocd"}
    source: dict[str, Any] = {"repoURL": "https://h/charts", "chart": "web", "targetRevision": "1.0.0"}
    one = application({"metadata": metadata, "spec": {"destination": {}, "source": source}})
    assert (local.source_of(one).path, local.source_of(one).chart) == ("apps/web", "")
    assert local.source_of(one).target_revision == "1.0.0"
    several = application({"metadata": metadata, "spec": {"destination": {}, "sources": [source, source]}})
    with pytest.raises(InvalidObject, match="it has several"):
        local.source_of(several)
