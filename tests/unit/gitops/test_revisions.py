"""Which commit a revision means."""

from __future__ import annotations

import pytest

from argosy.errors import NotFound
from argosy.gitops import revisions
from argosy.gitops.revisions import Reference

HASHES = {name: str(number) * 40 for number, name in enumerate(("main", "x", "v1.0.0", "v1.1.0", "2.0.0-rc", "pull"))}
REFS = [
    Reference("HEAD", target="refs/heads/main"),
    Reference("refs/heads/main", HASHES["main"]),
    Reference("refs/heads/feature/x", HASHES["x"]),
    Reference("refs/pull/12/head", HASHES["pull"]),
    Reference("refs/tags/v1.0.0", HASHES["v1.0.0"]),
    Reference("refs/tags/v1.1.0", HASHES["v1.1.0"]),
    Reference("refs/tags/2.0.0-rc", HASHES["2.0.0-rc"]),
]


@pytest.mark.parametrize(
    ("revision", "found"),
    [
        ("", HASHES["main"]),
        ("HEAD", HASHES["main"]),
        ("main", HASHES["main"]),
        ("refs/heads/main", HASHES["main"]),
        ("feature/x", HASHES["x"]),
        ("refs/pull/12/head", HASHES["pull"]),
        ("v1.0.0", HASHES["v1.0.0"]),
        ("1.x", HASHES["v1.1.0"]),
        (">=1.0.0 <1.1.0", HASHES["v1.0.0"]),
        ("*-0", HASHES["2.0.0-rc"]),
        ("ABCDEF0123456789ABCDEF0123456789ABCDEF01", "abcdef0123456789abcdef0123456789abcdef01"),
        ("abcdef1", "abcdef1"),
    ],
)
def test_resolving(revision: str, found: str) -> None:
    assert revisions.resolve(revision, REFS) == found


@pytest.mark.parametrize("revision", ["nope", "3.x", "refs/heads/nope", "abc"])
def test_what_is_not_there(revision: str) -> None:
    with pytest.raises(NotFound, match="no branch, tag or commit"):
        revisions.resolve(revision, REFS)


def test_an_empty_repository() -> None:
    with pytest.raises(NotFound, match="may be empty"):
        revisions.resolve("", [Reference("HEAD", target="refs/heads/main")])


def test_a_prefix_of_tags() -> None:
    refs = [Reference("refs/tags/prod/v1.0.0", "1" * 40), Reference("refs/tags/dev/v2.0.0", "2" * 40)]
    assert revisions.resolve("*", refs, "prod/") == "1" * 40
    with pytest.raises(NotFound):
        revisions.best_tag("main", ["prod/v1.0.0"], "prod/")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("https://GitHub.com/a/b", "https://github.com/a/b.git", True),
        ("git@github.com:a/b", "ssh://git@github.com/a/b.git", True),
        ("https://github.com/a/b", "https://github.com/a/c", False),
        ("", "", False),
    ],
)
def test_the_same_repository(a: str, b: str, *, same: bool) -> None:
    assert revisions.same_repository(a, b) is same
