"""Submodules from git's own server: which are fetched, with what they are asked, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.git.budget import Limits
from argosy.adapters.git.repository import GitRepository
from argosy.adapters.git.submodules import address_of, credentials_at
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable, Unsupported
from argosy.ports.repository import Credentials, Snapshot
from contracts.repository import NOBODY, unpacked
from support.gitserver import GitServer, Repo, serving

FILES = {"a.yaml": "a: 1"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> str:
    return Repo(tmp_path / "lib").commit({"b.yaml": "b: 1"})


def taken(server: GitServer, commit: str, credentials: Credentials = NOBODY, limits: Limits | None = None) -> Snapshot:
    """What the commit of the repository `app` comes to."""
    return GitRepository(limits=limits, files=True).snapshot(server.url("app"), commit, credentials)


def app(server: GitServer, modules: dict[str, tuple[str, str]], more: str = "") -> str:
    """A repository with submodules; its commit."""
    repo = Repo(server.root / "app")
    repo.commit(FILES)
    return repo.submodules(modules, more)


def test_submodules_of_submodules(server: GitServer, library: str) -> None:
    middle = Repo(server.root / "middle")
    middle.commit({"m.yaml": "m: 1"})
    inner = middle.submodules({"deep/lib": ("./../../lib/.git", library)})
    commit = app(server, {"middle": (server.url("middle"), inner), "lib": (server.url("lib"), library)})
    found = taken(server, commit)
    files = unpacked(found.archive)
    assert {name for name in files if name.endswith(".yaml")} == {
        "a.yaml",
        "lib/b.yaml",
        "middle/deep/lib/b.yaml",
        "middle/m.yaml",
    }
    assert found.files == len(files)
    assert found == taken(server, commit), "one commit is one archive"


def test_without_gitmodules_a_submodule_stays_empty(server: GitServer, library: str) -> None:
    """Argo CD runs no git submodule then."""
    repo = Repo(server.root / "app")
    repo.commit(FILES)
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{library},vendor/lib")
    repo.git("commit", "--quiet", "--message", "submodule")
    found = taken(server, repo.git("rev-parse", "HEAD"))
    assert (list(found.submodules), found.joined, unpacked(found.archive)) == (["vendor/lib"], False, FILES)


def test_one_that_is_to_stay_empty(server: GitServer, library: str) -> None:
    commit = app(server, {"lib": (server.url("lib"), library)}, "\tupdate = none\n")
    assert list(taken(server, commit).submodules) == ["lib"]


def test_one_that_gitmodules_does_not_name(server: GitServer, library: str) -> None:
    with pytest.raises(InvalidObject, match=r"submodule lib: .*no address is told"):
        taken(server, app(server, {"lib": ("", library)}))


@pytest.mark.parametrize(
    ("address", "kind", "says"),
    [
        ("file:///etc", Denied, "has no submodules on this machine"),
        ("/etc", Denied, "has no submodules on this machine"),
        ("http://169.254.169.254/x", Denied, r"169\.254\.169\.254"),
        ("ssh://git@169.254.169.254/x", Denied, r"169\.254\.169\.254"),
        ("ext::sh -c id", Unsupported, "over https"),
        ("git://example.com/x", Unsupported, "git://example.com/x: .*over https"),
        ("../../../../../etc", InvalidObject, "above its host"),
        ("https://bot:hunter2@example.com/x", InvalidObject, "https://example.com/x: .*holds a password"),
        ("-oProxyCommand=x:a", InvalidObject, "no host"),
        ("https://example.com:x/y", InvalidObject, "Port could not be"),
        ("https://[::1/x", InvalidObject, "Invalid IPv6"),
        ("../../nowhere/.git", NotFound, "http://[0-9.:]+/nowhere/.git: there is none"),
        ("http://127.0.0.1:1/x", Unavailable, "http://127.0.0.1:1/x: "),
    ],
)
def test_one_that_cannot_be_had(
    server: GitServer, library: str, address: str, kind: type[ArgosyError], says: str
) -> None:
    with pytest.raises(kind, match=f"submodule vendor/lib: .*{says}") as refusal:
        taken(server, app(server, {"vendor/lib": (address, library)}))
    assert "hunter2" not in str(refusal.value)


def test_a_commit_that_a_submodule_does_not_have(server: GitServer, library: str) -> None:
    with pytest.raises(NotFound, match=r"submodule lib: repository http.*/lib/.git: commit 0{39}1"):
        taken(server, app(server, {"lib": (server.url("lib"), "0" * 39 + "1")}))


def test_an_error_is_told_once_and_from_the_outside(server: GitServer, library: str) -> None:
    middle = Repo(server.root / "middle")
    middle.commit({"m.yaml": "m: 1"})
    inner = middle.submodules({"lib": ("../../nowhere/.git", library)})
    with pytest.raises(NotFound) as refusal:
        taken(server, app(server, {"vendor": (server.url("middle"), inner)}))
    assert str(refusal.value) == (
        f"repository {server.url('app')}: submodule vendor/lib: repository {server.url('nowhere')}: "
        "there is none at this address, or not for these credentials"
    )


def test_no_file_of_the_machine_is_read_for_gitmodules(server: GitServer, library: str) -> None:
    """Git's configuration can include files; this one cannot."""
    hidden = server.root / "hidden"
    hidden.write_text(f'[submodule "lib"]\n\tpath = lib\n\turl = {server.url("lib")}\n')
    with pytest.raises(InvalidObject, match="no address is told"):
        taken(server, app(server, {"lib": ("", library)}, f"[include]\n\tpath = {hidden}\n"))


# With what they are asked


def test_credentials_count_at_the_same_host(tmp_path: Path, library: str) -> None:
    with serving(tmp_path, password="s3cret") as server:
        commit = app(server, {"lib": ("../../lib/.git", library)})
        assert taken(server, commit, Credentials("git", "s3cret")).joined


def test_credentials_go_to_no_other_host(server: GitServer, library: str) -> None:
    with serving(server.root, password="s3cret") as other:
        commit = app(server, {"lib": (other.url("lib"), library)})
        with pytest.raises(Denied, match=r"submodule lib: .*it asks for credentials"):
            taken(server, commit, Credentials("git", "s3cret"))


@pytest.mark.parametrize(
    ("parent", "url", "same"),
    [
        ("https://h/a", "https://h:443/b", True),
        ("https://h/a", "https://H/b", True),
        ("https://h/a", "http://h/b", False),
        ("https://h/a", "https://h:8443/b", False),
        ("https://h/a", "https://h.evil/b", False),
        ("https://h/a", "https://h@evil/b", False),
        ("https://h/a", "git@h:b", False),
        ("git@h:a", "ssh://git@h/b", True),
        ("git@h:a", "ssh://git@h:2222/b", False),
        ("git@h:a", "https://h/b", False),
    ],
)
def test_which_hosts_are_the_same(parent: str, url: str, same: bool) -> None:
    given = Credentials("git", "pw", ssh_key="k", known_hosts="h")
    assert credentials_at(parent, given, url) == (given if same else Credentials(known_hosts="h"))


# Relative addresses


@pytest.mark.parametrize(
    "parent",
    [
        "https://h/org/repo.git",
        "https://h/org/repo/",
        "ssh://git@h:22/org/repo",
        "git@h:org/repo",
        "git@h:/org/repo",
        "/a/b/c",
    ],
)
@pytest.mark.parametrize("url", ["../lib", "./lib", "../../x/lib/", "./../lib", "https://other/x", "git@o:x"])
def test_addresses_are_git_s(tmp_path: Path, parent: str, url: str) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit(FILES)
    repo.submodules({"lib": (url, "1" * 40)})
    repo.git("remote", "add", "origin", parent)
    repo.git("submodule", "init")
    assert address_of(parent, url) == repo.git("config", "submodule.lib.url")


@pytest.mark.parametrize("parent", ["https://h/org/repo", "git@h:org/repo", "ssh://h/org/repo"])
def test_no_address_is_above_its_host(parent: str) -> None:
    with pytest.raises(InvalidObject, match="above its host"):
        address_of(parent, "../../../x")


# Limits


def test_sizes_count_together(server: GitServer) -> None:
    library = Repo(server.root / "lib").commit({"b": "b" * 600})
    commit = app(server, {name: (server.url("lib"), library) for name in ("x", "y")})
    assert taken(server, commit, limits=Limits(size=2_000)).joined
    with pytest.raises(EvaluationError, match="more than 1000 bytes"):
        taken(server, commit, limits=Limits(size=1_000))


def test_many_submodules(server: GitServer, library: str) -> None:
    commit = app(server, {f"m{number}": (server.url("lib"), library) for number in range(3)})
    with pytest.raises(EvaluationError, match="more than 2 submodules"):
        taken(server, commit, limits=Limits(submodules=2))


def test_a_repository_that_is_its_own_submodule(server: GitServer) -> None:
    """It ends where its history began: a commit cannot name itself."""
    repo = Repo(server.root / "app")
    commit = repo.commit(FILES)
    for _ in range(2):
        commit = repo.submodules({"self": (server.url("app"), commit)})
    assert "self/self/a.yaml" in unpacked(taken(server, commit).archive)
    for _ in range(10):
        commit = repo.submodules({"self": (server.url("app"), commit)})
    with pytest.raises(EvaluationError, match=r"submodule self(/self){10}: .*deeper than 10 levels"):
        taken(server, commit)
