"""What every `Repository` does, run on the fake and on dulwich by subclasses that give the fixture.

`hosted`: makes a repository whose branch main went through these files, one commit each, the first tagged `v1` with a tag of
its own; gives the port, the address and the commits. `joined`: the same for a repository with `a.yaml` and the submodule
`vendor/lib`, whose commit holds `b.yaml`; gives that commit.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence

import pytest

from argosy.errors import NotFound
from argosy.ports.repository import Credentials, Ref, Repository, Signature

Hosted = Callable[[Sequence[Mapping[str, str]]], tuple[Repository, str, list[str]]]

NOBODY = Credentials()
HISTORY = [{"a.yaml": "a: 1", "x/é ü.txt": ""}, {"a.yaml": "a: 2", "x/y/z.yaml": "z"}]


def unpacked(archive: bytes) -> dict[str, str]:
    """The files of an archive."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        found = {member.name: tar.extractfile(member) for member in tar if member.isreg()}
        return {name: content.read().decode() for name, content in found.items() if content}


class RepositoryContract:
    """The suite."""

    def test_references(self, hosted: Hosted) -> None:
        repository, url, commits = hosted(HISTORY)
        *others, tag = repository.refs(url, NOBODY)
        assert others == [Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", commits[1])]
        assert tag == Ref("refs/tags/v1", commits[0], object=tag.object)
        assert tag.object not in ("", commits[0]), "an annotated tag is an object of its own"

    def test_what_nobody_has_signed(self, hosted: Hosted) -> None:
        repository, url, commits = hosted(HISTORY)
        tag = repository.refs(url, NOBODY)[-1].object
        assert repository.signature(url, commits[0], NOBODY, {}) == Signature()
        assert repository.signature(url, commits[0], NOBODY, {}, tag) == Signature()

    def test_the_files_of_commits(self, hosted: Hosted) -> None:
        repository, url, commits = hosted(HISTORY)
        for commit, files in zip(commits, HISTORY, strict=True):
            taken = repository.snapshot(url, commit, NOBODY)
            assert {name: text for name, text in unpacked(taken.archive).items() if name in files} == files
            assert taken.size >= sum(len(text.encode()) for text in files.values())
            assert not taken.submodules
            assert not taken.joined

    def test_submodules_come_along(self, joined: tuple[Repository, str, str]) -> None:
        repository, url, commit = joined
        taken = repository.snapshot(url, commit, NOBODY)
        files = unpacked(taken.archive)
        assert (files["a.yaml"], files["vendor/lib/b.yaml"]) == ("a: 1", "b: 1")
        assert (taken.joined, list(taken.submodules)) == (True, [])
        alone = repository.snapshot(url, commit, NOBODY, alone=True)
        assert (alone.joined, list(alone.submodules)) == (False, ["vendor/lib"])
        assert "vendor/lib/b.yaml" not in unpacked(alone.archive)

    def test_one_commit_is_one_archive(self, hosted: Hosted) -> None:
        repository, url, commits = hosted(HISTORY)
        assert repository.snapshot(url, commits[0], NOBODY) == repository.snapshot(url, commits[0], NOBODY)

    def test_a_commit_that_is_not_there(self, hosted: Hosted) -> None:
        repository, url, _ = hosted(HISTORY)
        with pytest.raises(NotFound, match="commit"):
            repository.snapshot(url, "0" * 39 + "1", NOBODY)

    def test_a_repository_that_is_not_there(self, hosted: Hosted) -> None:
        repository, url, _ = hosted(HISTORY)
        elsewhere = url.replace("/repo", "/nowhere")
        with pytest.raises(NotFound, match="nowhere"):
            repository.refs(elsewhere, NOBODY)
