"""Repositories on the fake and on dulwich: over HTTP from git's own server, and from folders; what is refused, and how."""

from __future__ import annotations

import contextlib
import gc
import io
import itertools
import os
import shutil
import socket
import tarfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from argosy.adapters.git.budget import Budget, Limits
from argosy.adapters.git.http import client
from argosy.adapters.git.repository import GitRepository
from argosy.adapters.git.ssh import Place, place_of
from argosy.errors import ArgosyError, Denied, EvaluationError, InvalidObject, NotFound, Unavailable, Unsupported
from argosy.ports.fakes.repository import FakeRepository, Held
from argosy.ports.repository import Credentials, Ref, Repository, Signature, Snapshot
from contracts.repository import NOBODY, Hosted, RepositoryContract, unpacked
from support.brokers.sftp import Sftp
from support.gitserver import GitServer, Repo, serving
from support.tlsserving import CERTIFICATE


def history(folder: Path, versions: Sequence[Mapping[str, str]]) -> list[str]:
    """A repository that went through these files; its commits."""
    repo = Repo(folder)
    commits = []
    for files in versions:
        commits.append(repo.commit(files))
        if len(commits) == 1:
            repo.git("tag", "--annotate", "--message", "first", "v1")
    return commits


def with_library(root: Path, url: str) -> str:
    """A repository `repo` with `lib` as a submodule; its commit."""
    inner = Repo(root / "lib").commit({"b.yaml": "b: 1"})
    repo = Repo(root / "repo")
    repo.commit({"a.yaml": "a: 1"})
    return repo.submodules({"vendor/lib": (url, inner)})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as running:
        yield running


class TestFake(RepositoryContract):
    """On the fake."""

    @pytest.fixture
    def hosted(self) -> Hosted:
        def make(versions: Sequence[Mapping[str, str]]) -> tuple[Repository, str, list[str]]:
            commits = [str(number + 1) * 40 for number in range(len(versions))]
            named = [Ref("refs/heads/main", commits[-1]), Ref("refs/tags/v1", commits[0], object="f" * 40)]
            held = Held([Ref("HEAD", target="refs/heads/main"), *named], dict(zip(commits, versions, strict=True)))
            return FakeRepository({"https://example.com/repo": held}), "https://example.com/repo", commits

        return make

    @pytest.fixture
    def joined(self) -> tuple[Repository, str, str]:
        url, commit = "https://example.com/repo", "1" * 40
        held = Held(commits={commit: {"a.yaml": "a: 1"}}, submodules={commit: {"vendor/lib": (f"{url}-lib", "2" * 40)}})
        below = Held(commits={"2" * 40: {"b.yaml": "b: 1"}})
        return FakeRepository({url: held, f"{url}-lib": below}), url, commit


@pytest.fixture(params=[Limits().memory, 0], ids=["in memory", "in a folder"])
def limits(request: pytest.FixtureRequest) -> Limits:
    """Where what was fetched is unpacked."""
    return Limits(memory=request.param)


class TestHttp(RepositoryContract):
    """Over HTTP, from `git http-backend`."""

    @pytest.fixture
    def hosted(self, tmp_path: Path, server: GitServer, limits: Limits) -> Hosted:
        def make(versions: Sequence[Mapping[str, str]]) -> tuple[Repository, str, list[str]]:
            return GitRepository(limits=limits), server.url("repo"), history(tmp_path / "repo", versions)

        return make

    @pytest.fixture
    def joined(self, tmp_path: Path, server: GitServer, limits: Limits) -> tuple[Repository, str, str]:
        return GitRepository(limits=limits), server.url("repo"), with_library(tmp_path, "../../lib/.git")


class TestFiles(RepositoryContract):
    """From a folder."""

    @pytest.fixture(params=["file://{}", "{}"])
    def hosted(self, tmp_path: Path, request: pytest.FixtureRequest) -> Hosted:
        def make(versions: Sequence[Mapping[str, str]]) -> tuple[Repository, str, list[str]]:
            commits = history(tmp_path / "repo", versions)
            return GitRepository(files=True), str(request.param).format(tmp_path / "repo"), commits

        return make

    @pytest.fixture(params=["file://{}", "{}"])
    def joined(self, tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Repository, str, str]:
        commit = with_library(tmp_path, "../lib")
        return GitRepository(files=True), str(request.param).format(tmp_path / "repo"), commit


# What is in an archive


def test_modes_and_links(tmp_path: Path, server: GitServer) -> None:
    repo = Repo(tmp_path / "a")
    (repo.folder / "run.sh").write_text("x")
    (repo.folder / "run.sh").chmod(0o755)
    commit = repo.commit({"x/plain": "y"}, {"link": "x/plain"})
    archive = GitRepository().snapshot(server.url("a"), commit, NOBODY).archive
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        found = {one.name: (one.type, one.mode, one.linkname, one.mtime, one.uid) for one in tar}
    assert found["run.sh"] == (tarfile.REGTYPE, 0o755, "", 0, 0)
    assert found["x/plain"] == (tarfile.REGTYPE, 0o644, "", 0, 0)
    assert found["link"][::2] == (tarfile.SYMTYPE, "x/plain", 0)


def test_only_the_commit_is_fetched(tmp_path: Path, server: GitServer) -> None:
    """The history held 3 MB that do not fit what may come."""
    repo = Repo(tmp_path / "a")
    repo.commit({"big": os.urandom(3_000_000)})
    (repo.folder / "big").unlink()
    commit = repo.commit({"a": "1"})
    taken = GitRepository(limits=Limits(wire=100_000)).snapshot(server.url("a"), commit, NOBODY)
    assert unpacked(taken.archive) == {"a": "1"}


# Credentials


def test_credentials_are_sent(tmp_path: Path) -> None:
    history(tmp_path / "a", [{"a": "1"}])
    with serving(tmp_path, password="s3cret") as server:
        assert GitRepository().refs(server.url("a"), Credentials("git", "s3cret"))


def test_a_bearer_token(tmp_path: Path) -> None:
    (commit,) = history(tmp_path / "a", [{"a": "1"}])
    with serving(tmp_path, password="s3cret") as server:
        server.user = ""
        known = Credentials(bearer="s3cret")
        assert GitRepository().refs(server.url("a"), known)
        assert GitRepository().snapshot(server.url("a"), commit, known).files == 1
        with pytest.raises(Denied, match="the credentials are refused") as refusal:
            GitRepository().refs(server.url("a"), Credentials(bearer="hunter2"))
    assert "hunter2" not in f"{refusal.value} {Credentials(bearer='hunter2')}"


@pytest.mark.parametrize(
    ("password", "says"), [("", "it asks for credentials"), ("hunter2", "the credentials are refused")]
)
def test_credentials_that_do_not_fit(tmp_path: Path, password: str, says: str) -> None:
    with serving(tmp_path, password="s3cret") as server, pytest.raises(Denied, match=says) as refusal:
        GitRepository().refs(server.url("a"), Credentials("git", password))
    assert "hunter2" not in str(refusal.value)


def test_certificates(tmp_path: Path) -> None:
    commit = Repo(tmp_path / "app").commit({"a": "1"})
    with serving(tmp_path, secure=True) as server:
        for given in (Credentials(ca=CERTIFICATE), Credentials(insecure=True)):
            assert GitRepository().refs(server.url("app"), given)
            assert GitRepository().snapshot(server.url("app"), commit, given).files == 1
        with pytest.raises(Unavailable, match="certificate"):
            GitRepository().refs(server.url("app"), Credentials())
        with pytest.raises(InvalidObject, match="argocd-tls-certs-cm"):
            GitRepository().refs(server.url("app"), Credentials(ca="none"))


def test_no_error_tells_a_credential() -> None:
    """Neither those that are given nor those that somebody wrote into the address."""
    for url in ("https://bot:hunter2@127.0.0.1:1/x?token=hunter3", "http://hunter2@127.0.0.1:1/hunter4"):
        with pytest.raises(ArgosyError) as refusal:
            GitRepository().refs(url, Credentials("bot", "hunter4"))
        assert "hunter" not in str(refusal.value)
    assert "hunter" not in repr(Credentials("bot", "hunter4"))


# Where it goes


@pytest.mark.parametrize("url", ["http://169.254.169.254/x", "http://[fe80::1]/x", "http://0.0.0.0/x"])
def test_addresses_of_the_machine_s_neighbourhood_are_refused(url: str) -> None:
    with pytest.raises(Denied, match="the address"):
        GitRepository().refs(url, NOBODY)


def test_in_lambda_loopback_is_refused_too(tmp_path: Path, server: GitServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "fetch")
    history(tmp_path / "a", [{"a": "1"}])
    with pytest.raises(Denied, match=r"127\.0\.0\.1"):
        GitRepository().refs(server.url("a"), NOBODY)


@pytest.mark.parametrize("url", ["/etc", "file:///etc", "file://localhost/etc"])
def test_the_machine_s_files_are_not_read_unless_that_is_allowed(url: str) -> None:
    with pytest.raises(Denied, match="not read here"):
        GitRepository().refs(url, NOBODY)


@pytest.mark.parametrize("url", ["git://x/y", "ext::sh -c id", "ftp://x/y", "a/b", ""])
def test_other_kinds_of_addresses(url: str) -> None:
    with pytest.raises(Unsupported, match="over https"):
        GitRepository(files=True).refs(url, NOBODY)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("git@github.com:a/b.git", Place("git", "github.com", 22, "a/b.git")),
        ("ssh://git@github.com/a", Place("git", "github.com", 22, "/a")),
        ("ssh://[::1]:2222/a%20b", Place("", "::1", 2222, "/a b")),
        ("host:~/a", Place("", "host", 22, "~/a")),
        ("https://x/y", None),
    ],
)
def test_addresses_of_ssh(url: str, place: Place | None) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url",
    ["ssh://-oProxyCommand=x/a", "ssh://-l@host/a", "ssh://host", "ssh://host:a/b", "-oProxyCommand=x:a", "-x@h:a"],
)
def test_no_address_is_an_option_of_ssh(url: str) -> None:
    with pytest.raises(InvalidObject):
        place_of(url)


def test_where_there_is_no_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unsupported, match="use https"):
        GitRepository().refs("git@github.com:a/b.git", NOBODY)


def test_ssh_goes_nowhere_that_nothing_may_reach() -> None:
    with pytest.raises(Denied):
        GitRepository().refs("ssh://git@169.254.169.254/a", NOBODY)


@pytest.mark.parametrize("key", ["", "secret"])
def test_no_key_of_this_machine_s_user_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """What ssh itself makes of how it is called."""
    real = shutil.which("ssh")
    (tmp_path / "ssh").write_text(f'#!/bin/sh\n{real} -G "$@" >{tmp_path}/said\nexit 255\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ArgosyError):
        GitRepository().refs("ssh://git@127.0.0.1/a", Credentials(ssh_key=key))
    said = (tmp_path / "said").read_text().splitlines()
    (shown,) = [line.split()[1] for line in said if line.startswith("identityfile ")]
    assert shown.endswith("/key") if key else shown == "none"


class TestSsh(RepositoryContract):
    """Over SSH, from OpenSSH's server."""

    @pytest.fixture
    def hosted(self, tmp_path: Path) -> Iterator[Hosted]:
        with Sftp.running() as sshd:

            def make(versions: Sequence[Mapping[str, str]]) -> tuple[Repository, str, list[str]]:
                commits = history(tmp_path / "repo", versions)
                Repo.of(tmp_path / "repo").git("config", "uploadpack.allowAnySHA1InWant", "true")
                where = f"{sshd.secrets['username']}@127.0.0.1:{sshd.port}{tmp_path}"
                return (
                    Keyed(Credentials(ssh_key=sshd.secrets["key"], any_host_key=True)),
                    f"ssh://{where}/repo",
                    commits,
                )

            yield make

    @pytest.fixture
    def joined(self, tmp_path: Path) -> Iterator[tuple[Repository, str, str]]:
        with Sftp.running() as sshd:
            commit = with_library(tmp_path, "../lib")
            Repo.of(tmp_path / "lib").git("config", "uploadpack.allowAnySHA1InWant", "true")
            where = f"{sshd.secrets['username']}@127.0.0.1:{sshd.port}{tmp_path}"
            credentials = Credentials(ssh_key=sshd.secrets["key"], any_host_key=True)
            yield Keyed(credentials), f"ssh://{where}/repo", commit


@pytest.mark.parametrize("known", [True, False])
def test_keys_of_hosts(tmp_path: Path, known: bool) -> None:
    with Sftp.running() as sshd:
        history(tmp_path / "repo", [{"a": "1"}])
        key = (sshd.folder / ("host.pub" if known else "stranger.pub")).read_text()
        credentials = Credentials(ssh_key=sshd.secrets["key"], known_hosts=f"[127.0.0.1]:{sshd.port} {key}")
        url = f"ssh://{sshd.secrets['username']}@127.0.0.1:{sshd.port}{tmp_path}/repo"
        if known:
            assert GitRepository().refs(url, credentials)
        else:
            with pytest.raises(
                Denied, match=r"another key than the one that is known; .* stands: argocd-ssh-known-hosts-cm"
            ):
                GitRepository().refs(url, credentials)


class Keyed(GitRepository):
    """With credentials of its own."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._own = credentials

    def refs(self, url: str, credentials: Credentials) -> Sequence[Ref]:
        return super().refs(url, self._own)

    def snapshot(self, url: str, commit: str, credentials: Credentials, *, alone: bool = False) -> Snapshot:
        return super().snapshot(url, commit, self._own, alone=alone)

    def signature(
        self, url: str, commit: str, credentials: Credentials, keys: Mapping[str, str], tag: str = ""
    ) -> Signature:
        return super().signature(url, commit, self._own, keys, tag)


class Answering:
    """A server that gives one answer to whatever comes, and waits with its end as long as it is told."""

    def __init__(self, answer: bytes, endless: bytes = b"") -> None:
        self._answer, self._endless = answer, endless
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/a"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        try:
            while True:
                connection, _ = self._socket.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(self._answer)
                    while self._endless and not self.over.is_set():
                        connection.sendall(self._endless)
                    self.over.wait(0 if self._answer else 30)
        except OSError:
            return

    def close(self) -> None:
        self.over.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for a connection
        self._thread.join()
        self._socket.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n"


def test_a_redirect_to_the_metadata_is_not_followed() -> None:
    place = b"http://169.254.169.254/x/info/refs?service=git-upload-pack"
    server = Answering(b"HTTP/1.1 302 Found\r\nLocation: " + place + b"\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(Denied, match=r"169\.254\.169\.254"):
        GitRepository().refs(server.url, Credentials("bot", "hunter2"))
    server.close()


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"Content-Length: 5\r\n\r\nhello",
        HEAD + b"Content-Length: 50\r\n\r\n001e# service=git-upload-pack\n0000",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_server_that_speaks_nonsense(answer: bytes) -> None:
    server = Answering(answer)
    with pytest.raises((Unavailable, NotFound), match="repository http://"):
        GitRepository().refs(server.url, NOBODY)
    server.close()


def test_a_server_without_an_end_is_cut_off() -> None:
    server = Answering(
        HEAD + b"\r\n001e# service=git-upload-pack\n0000", endless=b"003d" + b"1" * 40 + b" refs/heads/abcdefg\n" * 1
    )
    with pytest.raises(ArgosyError, match=r"more than 1000000 bytes|repository"):
        GitRepository(limits=Limits(wire=1_000_000, quiet=2)).refs(server.url, NOBODY)
    server.close()


def test_a_server_that_says_nothing_is_given_up() -> None:
    server = Answering(b"")
    with pytest.raises(Unavailable, match="timed out"):
        GitRepository(limits=Limits(quiet=0.2)).refs(server.url, NOBODY)
    server.close()


def test_time_for_the_whole(tmp_path: Path, server: GitServer) -> None:
    commit = history(tmp_path / "a", [{"a": "1"}])[0]
    with pytest.raises(Unavailable, match="within 0 s"):
        GitRepository(limits=Limits(seconds=0)).snapshot(server.url("a"), commit, NOBODY)


def test_a_server_that_sends_byte_by_byte_is_given_up_in_time() -> None:
    """It sends the next one when somebody has looked at the clock."""
    looks, looked = itertools.count(), threading.Semaphore(0)

    def clock() -> float:
        looked.release()
        return float(next(looks))

    def serve() -> None:
        taken, _ = listening.accept()
        with taken, contextlib.suppress(OSError):
            taken.recv(2**16)
            taken.sendall(HEAD + b"\r\nffff")
            while True:
                looked.acquire()
                taken.sendall(b"1")

    budget = Budget(Limits(seconds=100, quiet=1), clock)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/a"
        with pytest.raises(Unavailable, match="within 100 s"), client(url, NOBODY, budget) as asked:
            asked.get_refs(b"")


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="Connection refused"):
        GitRepository().refs(f"http://127.0.0.1:{port}/a", NOBODY)


# Too much


def test_a_repository_of_200_mb_is_refused_before_it_is_unpacked(tmp_path: Path, server: GitServer) -> None:
    """200 MB of one byte are 200 KB in a pack."""
    repo = Repo(tmp_path / "a")
    commit = repo.commit({"big": b"\0" * 200_000_000})
    with pytest.raises(EvaluationError, match="too large"):
        GitRepository(limits=Limits(size=50_000_000)).snapshot(server.url("a"), commit, NOBODY)


def test_a_pack_that_is_larger_than_it_may_be(tmp_path: Path, server: GitServer) -> None:
    commit = Repo(tmp_path / "a").commit({"big": os.urandom(3_000_000)})
    with pytest.raises(EvaluationError, match="more than 1000000 bytes"):
        GitRepository(limits=Limits(wire=1_000_000)).snapshot(server.url("a"), commit, NOBODY)


def test_many_files(tmp_path: Path, server: GitServer) -> None:
    commit = Repo(tmp_path / "a").commit({f"{number}": f"{number}" for number in range(50)})
    for limits in (Limits(files=20), Limits(objects=20)):
        with pytest.raises(EvaluationError, match=r"at most 20|more than 20"):
            GitRepository(limits=limits).snapshot(server.url("a"), commit, NOBODY)


def test_a_tree_that_holds_itself_many_times(tmp_path: Path, server: GitServer) -> None:
    """A few hundred bytes that stand for ten billion files."""
    repo = Repo(tmp_path / "a")
    below = repo.git("hash-object", "-w", "--stdin", given=b"x")
    kind, mode = "blob", "100644"
    for _ in range(10):
        listing = "".join(f"{mode} {kind} {below}\t{letter}\n" for letter in "abcdefghij")
        below, kind, mode = repo.git("mktree", given=listing.encode()), "tree", "040000"
    commit = repo.git("commit-tree", below, "-m", "bomb")
    repo.git("update-ref", "refs/heads/main", commit)
    with pytest.raises(EvaluationError, match="more than 1000 files"):
        GitRepository(limits=Limits(files=1_000)).snapshot(server.url("a"), commit, NOBODY)


@pytest.mark.parametrize("name", ["..", ".", "a/b"])
def test_a_name_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    """git itself does not make such trees; somebody may."""
    repo = Repo(tmp_path / "a")
    blob = bytes.fromhex(repo.git("hash-object", "-w", "--stdin", given=b"x"))
    tree = repo.git(
        "hash-object", "-w", "-t", "tree", "--literally", "--stdin", given=b"100644 " + name.encode() + b"\0" + blob
    )
    commit = repo.git("commit-tree", tree, "-m", "x")
    with pytest.raises(EvaluationError, match="no name of a file"):
        GitRepository(files=True).snapshot(str(repo.folder), commit, NOBODY)


def test_nothing_stays_open(tmp_path: Path, server: GitServer, recwarn: pytest.WarningsRecorder) -> None:
    commit = history(tmp_path / "a", [{"a": "1"}])[0]
    GitRepository().snapshot(server.url("a"), commit, NOBODY)
    with pytest.raises(NotFound):
        GitRepository().refs(server.url("b"), NOBODY)
    gc.collect()
    assert [str(one.message) for one in recwarn if one.category is ResourceWarning] == []
