"""Git LFS: pointers become content, from the repository's server and from dulwich's own; what is refused, and how."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from dulwich.lfs_server import run_lfs_server

from argosy.adapters.git.budget import Limits
from argosy.adapters.git.repository import GitRepository
from argosy.errors import Denied, EvaluationError, NotFound, Unsupported
from argosy.ports.repository import Credentials
from contracts.repository import unpacked
from support.brokers.sftp import Sftp
from support.gitserver import GitServer, Repo, serving
from support.lfs import LfsServer, pointer
from support.plainserver import Asked
from support.tlsserving import CERTIFICATE

CONTENT = b"replicas: 3\n" * 100
KNOWN = Credentials("git", "s3cret", lfs=True)


class Case:
    """A repository behind a password, with a file of Git LFS and another."""

    def __init__(self, server: GitServer) -> None:
        self.server = server
        self.lfs = LfsServer(server.url("app"))
        self.lfs.put(CONTENT)
        server.lfs = self.lfs.answer
        self.repo = Repo(server.root / "app")
        self.commit = self.repo.commit({"values.yaml": pointer(CONTENT), "a.yaml": "a: 1"})

    def files(self, credentials: Credentials = KNOWN, limits: Limits | None = None) -> dict[str, str]:
        taken = GitRepository(limits=limits).snapshot(self.server.url("app"), self.commit, credentials)
        assert taken.joined is credentials.lfs
        return unpacked(taken.archive)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with serving(tmp_path, "s3cret") as server:
        yield Case(server)


def test_pointers_become_content(case: Case) -> None:
    assert case.files() == {"values.yaml": CONTENT.decode(), "a.yaml": "a: 1"}


def test_pointers_stay_pointers_unless_the_secret_says_so(case: Case) -> None:
    assert case.files(Credentials("git", "s3cret"))["values.yaml"] == pointer(CONTENT)
    assert case.lfs.batches == []


def test_a_bearer_token(case: Case) -> None:
    case.server.user = ""
    assert case.files(Credentials(bearer="s3cret", lfs=True))["values.yaml"] == CONTENT.decode()


def test_storage_that_is_elsewhere_is_told_no_password(case: Case, tmp_path: Path) -> None:
    told: list[str | None] = []

    def stored(asked: Asked) -> tuple[int, bytes]:
        told.append(asked.headers.get("Authorization"))
        return 200, CONTENT

    with serving(tmp_path) as elsewhere:
        elsewhere.lfs, there = stored, elsewhere.url("store") + "/info/lfs/x"
        case.server.lfs = lambda asked: (302, there.encode()) if asked.method == "GET" else case.lfs.answer(asked)
        assert case.files()["values.yaml"] == CONTENT.decode()
        case.lfs.more = {"href": there}
        assert case.files()["values.yaml"] == CONTENT.decode()
    assert told == [None, None]


def test_over_tls(tmp_path: Path) -> None:
    with serving(tmp_path, "s3cret", secure=True) as server:
        case = Case(server)
        known = Credentials("git", "s3cret", ca=CERTIFICATE, lfs=True)
        assert case.files(known)["values.yaml"] == CONTENT.decode()
        case.lfs.more = {"href": "http://example.com/x"}
        with pytest.raises(Denied, match=r"example\.com: content is fetched over https"):
            case.files(known)


@dataclass
class OverSsh:
    """The repository over SSH, whose host lets in to Git LFS at a server of its own: `answer` is what it prints."""

    case: Case
    sshd: Sftp
    told: Path

    def answers(self, text: str, code: int = 0) -> None:
        """What `git-lfs-authenticate` prints, and how it ends."""
        program = self.told.with_name("program")
        program.write_text(
            f"#!/bin/sh\ncase $SSH_ORIGINAL_COMMAND in\ngit-lfs-*) echo $SSH_ORIGINAL_COMMAND >>{self.told}\n"
            f"cat <<'END'\n{text}\nEND\nexit {code};;\n*) eval exec $SSH_ORIGINAL_COMMAND\nesac\n"
        )
        program.chmod(0o755)
        key = (self.sshd.folder / "client.pub").read_text()
        (self.sshd.folder / "authorized").write_text(f'command="{program}" {key}')

    def files(self) -> dict[str, str]:
        """What is fetched."""
        user, folder = self.sshd.secrets["username"], self.case.repo.folder
        url = f"ssh://{user}@127.0.0.1:{self.sshd.port}{folder}"
        known = Credentials(ssh_key=self.sshd.secrets["key"], any_host_key=True, lfs=True)
        return unpacked(GitRepository().snapshot(url, self.case.commit, known).archive)

    @property
    def server(self) -> str:
        """Where the batch API is."""
        return f"{self.case.server.url('app')}/info/lfs"


@pytest.fixture
def over_ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OverSsh]:
    (tmp_path / "authority").write_text(CERTIFICATE)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority"))
    with serving(tmp_path, secure=True) as server, Sftp.running() as sshd:
        case = Case(server)
        case.repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
        yield OverSsh(case, sshd, tmp_path / "told")


def test_over_ssh(over_ssh: OverSsh) -> None:
    given: list[str | None] = []

    def answer(asked: Asked) -> tuple[int, bytes]:
        given.append(asked.headers.get("Authorization"))
        return over_ssh.case.lfs.answer(asked)

    over_ssh.case.server.lfs = answer
    over_ssh.answers(json.dumps({"href": over_ssh.server, "header": {"Authorization": "RemoteAuth t"}}))
    assert over_ssh.files() == {"values.yaml": CONTENT.decode(), "a.yaml": "a: 1"}
    assert over_ssh.told.read_text() == f"git-lfs-authenticate {str(over_ssh.case.repo.folder)[1:]} download\n"
    assert given == ["RemoteAuth t", None]


@pytest.mark.parametrize(
    ("text", "code", "error", "said"),
    [
        ("no", 1, EvaluationError, "git-lfs-authenticate at 127.0.0.1: it ends with 1"),
        ("{", 0, EvaluationError, "no answer of its kind"),
        ("[]", 0, EvaluationError, "no answer of its kind"),
        ('{"header": "x"}', 0, EvaluationError, "no answer of its kind"),
        ("x" * 100_001, 0, EvaluationError, "prints more than 100000 bytes"),
        ('{"href": "http://127.0.0.1/x"}', 0, Denied, "fetched over https"),
        ('{"href": "https://169.254.169.254/x"}', 0, Denied, "may not be reached"),
    ],
)
def test_a_host_that_does_not_let_in_over_ssh(
    over_ssh: OverSsh, text: str, code: int, error: type[Exception], said: str
) -> None:
    over_ssh.answers(text, code)
    with pytest.raises(error, match=said):
        over_ssh.files()


def test_many_files_are_asked_for_in_batches(case: Case) -> None:
    for number in range(149):
        case.lfs.put(b"%d" % number)
    case.commit = case.repo.commit({f"{number}.txt": pointer(b"%d" % number) for number in range(149)})
    assert case.files()["148.txt"] == "148"
    assert case.lfs.batches == [100, 50]


@pytest.mark.parametrize("text", [pointer(b"x").replace("sha256", "sha1"), pointer(b"x") + "# more", "version 1\n"])
def test_what_only_looks_like_a_pointer(case: Case, text: str) -> None:
    case.commit = case.repo.commit({"b.yaml": text})
    assert case.files()["b.yaml"] == text


def test_the_files_of_submodules_stay_pointers(case: Case) -> None:
    library = Repo(case.server.root / "lib").commit({"b.yaml": pointer(b"b")})
    case.commit = case.repo.submodules({"lib": ("../../lib/.git", library)})
    assert case.files()["lib/b.yaml"] == pointer(b"b")


# What is refused


def test_credentials_that_do_not_fit(case: Case) -> None:
    case.server.lfs = lambda _: (403, b"")
    with pytest.raises(Denied, match=r"Git LFS at 127\.0\.0\.1:\d+ answers 403"):
        case.files()


def test_a_host_without_it(case: Case) -> None:
    case.server.lfs = lambda _: (404, b"")
    with pytest.raises(NotFound, match=r"Git LFS at .* answers 404"):
        case.files()


def test_a_file_that_the_server_does_not_have(case: Case) -> None:
    case.lfs.held.clear()
    with pytest.raises(NotFound, match=r"values\.yaml \([0-9a-f]{12}\): Object does not exist"):
        case.files()


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"x", b"x" * len(CONTENT)])
def test_content_that_the_pointer_does_not_tell(case: Case, content: bytes) -> None:
    (oid,) = case.lfs.held
    case.lfs.held[oid] = content
    with pytest.raises(EvaluationError, match=r"values\.yaml .*not the content that the pointer tells"):
        case.files()


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"{", b'{"objects": [{}]}'])
def test_an_answer_that_is_none(case: Case, answer: bytes) -> None:
    case.server.lfs = lambda _: (200, answer)
    with pytest.raises(EvaluationError, match="is no list of files"):
        case.files()


@pytest.mark.parametrize("address", ["http://169.254.169.254/x", "http://[fe80::1]/x"])
def test_storage_that_nothing_may_reach(case: Case, address: str) -> None:
    case.lfs.more = {"href": address}
    with pytest.raises(Denied, match="may not be reached"):
        case.files()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://example.com/x"])
def test_storage_of_another_kind(case: Case, address: str) -> None:
    case.lfs.more = {"href": address}
    with pytest.raises(Denied, match="over https"):
        case.files()


def test_large_files_are_not_even_asked_for(case: Case) -> None:
    with pytest.raises(EvaluationError, match="more than 1000 bytes"):
        case.files(limits=Limits(size=1_000))
    assert case.lfs.batches == []


def test_what_comes_counts(case: Case) -> None:
    content = bytes(range(256)) * 40
    case.lfs.put(content)
    case.commit = case.repo.commit({"big": pointer(content)})
    with pytest.raises(EvaluationError, match="sends more than 9000 bytes"):
        case.files(limits=Limits(wire=9_000))


@pytest.mark.parametrize("url", ["ssh://git@127.0.0.1/x", "file:///etc"])
def test_a_server_that_is_not_asked_over_http(case: Case, url: str) -> None:
    case.commit = case.repo.commit({".lfsconfig": f"[lfs]\n\turl = {url}\n"})
    with pytest.raises(Unsupported, match=r"over https alone: .*lfs\.url"):
        case.files()


def test_a_folder_of_this_machine(case: Case) -> None:
    with pytest.raises(Unsupported, match="over https alone"):
        GitRepository(files=True).snapshot(str(case.repo.folder), case.commit, KNOWN)


def test_another_server(case: Case, tmp_path: Path) -> None:
    """dulwich's; it is told no password, since it is another host than the repository's."""
    other, url = run_lfs_server(host="127.0.0.1", lfs_dir=str(tmp_path / "store"))
    threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        other.lfs_store.write_object([CONTENT])
        case.commit = case.repo.commit({".lfsconfig": f"[lfs]\n\turl = {url}\n"})
        assert case.files()["values.yaml"] == CONTENT.decode()
    finally:
        other.shutdown()
        other.server_close()
    assert case.lfs.batches == []
