"""Fetching commits: what is kept, what is asked for again, and whose credentials are used."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.errors import Denied, InvalidObject, NotFound, Unsupported
from argosy.gitops.signatures import Verdict
from argosy.ports.fakes.blobs import FakeBlobs
from argosy.ports.fakes.clock import FakeClock
from argosy.ports.fakes.downloads import FakeDownloads
from argosy.ports.fakes.repository import FakeRepository, Held, packed
from argosy.ports.fakes.secrets import FakeSecrets
from argosy.ports.repository import Credentials, Ref, Signature
from argosy.services.fetching import Fetched, Fetching, FetchRequest, read

URL = "https://example.com/team/app.git"
FILE = "https://example.com/values/prod.yaml?x=1"
FIRST, SECOND = "1" * 40, "2" * 40
FILES = {"a.yaml": "a: 1"}
SECRETS = {
    "argocd": {
        "repo": {"username": "bot", "password": "pw\n"},
        "token": {"password": "pw"},
        "wrong": {"username": "bot", "password": "no"},
    }
}


class Case:
    """A repository with two commits, and what fetches from it."""

    def __init__(self, password: str = "") -> None:
        refs = [Ref("HEAD", target="refs/heads/main"), Ref("refs/heads/main", FIRST), Ref("refs/tags/v1.2.0", SECOND)]
        self.held = Held(refs, {FIRST: FILES, SECOND: {"b.yaml": "b: 1"}}, password)
        self.repository = FakeRepository({URL: self.held})
        self.blobs = FakeBlobs(FakeClock())
        self.downloads = FakeDownloads({FILE: b"a: 1\n"})
        self.fetching = Fetching(self.blobs, self.repository, FakeSecrets(SECRETS), self.downloads)

    def fetch(self, revision: str = "", **more: Any) -> Any:
        return self.fetching.fetch(read({"url": URL, "revision": revision, **more}))


@pytest.mark.parametrize(
    ("revision", "commit"), [("", FIRST), ("main", FIRST), ("v1.2.0", SECOND), ("1.*", SECOND), (SECOND, SECOND)]
)
def test_a_revision_becomes_a_commit(revision: str, commit: str) -> None:
    assert Case().fetch(revision).commit == commit


def test_the_files_lie_below_the_repository_and_the_commit() -> None:
    case = Case()
    fetched = case.fetch("main")
    assert case.blobs.get(fetched.archive) == packed(FILES)
    assert fetched.archive.startswith("fetch/")
    assert fetched.archive.split("/")[2] == FIRST
    assert (fetched.files, fetched.size, fetched.submodules) == (1, 4, ())


def test_a_commit_is_fetched_once() -> None:
    case = Case()
    first = case.fetch("main")
    case.held.refs = [Ref("refs/heads/other", FIRST)]
    assert case.fetch("other") == first
    assert case.repository.asked == [(URL, FIRST)]


def test_a_branch_that_moved_is_fetched_again() -> None:
    case = Case()
    case.fetch("main")
    case.held.refs = [Ref("refs/heads/main", SECOND)]
    assert case.fetch("main").commit == SECOND


def test_a_summary_that_is_there_needs_no_archive_to_be_fetched() -> None:
    """The archive is written first: whoever finds a summary finds the archive."""
    case = Case()
    fetched = case.fetch("main")
    summary = fetched.archive.rsplit("/", 1)[0] + "/summary.json"
    assert list(case.blobs._blobs) == [fetched.archive, fetched.folders, summary]


@pytest.mark.parametrize("written", [b'{"commit": "of a later release"}', b"[]", b"{"])
def test_a_summary_of_another_release_is_made_again(written: bytes) -> None:
    case = Case()
    fetched = case.fetch("main")
    case.blobs.put(fetched.archive.rsplit("/", 1)[0] + "/summary.json", written)
    assert case.fetch("main") == fetched


@pytest.mark.parametrize("revision", ["nope", "abcdef1", "9.x"])
def test_a_revision_that_is_not_there(revision: str) -> None:
    with pytest.raises(NotFound):
        Case().fetch(revision)


@pytest.mark.parametrize("name", ["repo", "token"])
def test_credentials_come_from_a_secret(name: str) -> None:
    assert Case("pw").fetch(credentials={"namespace": "argocd", "name": name}).commit == FIRST


@pytest.mark.parametrize("name", [None, "wrong"])
def test_what_one_may_read_is_not_everybody_s(name: str | None) -> None:
    """A commit that was fetched with credentials is not handed to whoever knows its hash."""
    case = Case("pw")
    case.fetch(credentials={"namespace": "argocd", "name": "repo"})
    more = {"credentials": {"namespace": "argocd", "name": name}} if name else {}
    with pytest.raises(Denied):
        case.fetch(FIRST, **more)


class Joined(Case):
    """The first commit has a submodule that asks for a password; the repository itself does not."""

    def __init__(self) -> None:
        super().__init__()
        self.library = Held(commits={SECOND: {"b.yaml": "b: 1"}}, password="pw")
        self.held.submodules[FIRST] = {"lib": ("https://example.com/lib", SECOND)}
        self.repository = FakeRepository({URL: self.held, "https://example.com/lib": self.library})
        self.fetching = Fetching(self.blobs, self.repository, FakeSecrets(SECRETS), self.downloads)

    def take(self, password: str, reader: str) -> Fetched:
        request = FetchRequest(url=URL, revision=FIRST, reader=reader)
        return self.fetching.take(request, FIRST, lambda: Credentials("bot", password))


def test_a_submodule_is_for_those_alone_who_may_read_it() -> None:
    case = Joined()
    taken = case.take("pw", "abc")
    assert (taken.joined, taken.files) == (True, 2)
    assert case.take("no", "abc") == taken, "one reader is asked once"
    for password, reader in [("no", "def"), ("no", ""), ("", "anybody"), ("", "")]:
        with pytest.raises(Denied, match="lib"):
            case.take(password, reader)
    assert case.take("pw", "def").digest == taken.digest


def test_who_has_no_name_is_asked_for_each_time() -> None:
    case = Joined()
    for _ in range(2):
        assert case.take("pw", "").joined
    assert case.repository.asked == [(URL, FIRST)] * 2
    with pytest.raises(Denied, match="lib"):
        case.take("", "")


def test_open_submodules_are_everybody_s() -> None:
    case = Joined()
    case.library.password = ""
    assert case.take("", "") == case.take("", "anybody")
    assert case.repository.asked == [(URL, FIRST)]


def test_large_files_are_for_those_who_want_them() -> None:
    case = Case()
    case.held.large = {"a: 1": "a: large"}
    plain = FetchRequest(url=URL, revision=FIRST)
    wanting = plain.model_copy(update={"lfs": True})
    small = case.fetching.take(plain, FIRST)
    large = case.fetching.take(wanting, FIRST, lambda: Credentials(lfs=True))
    assert case.blobs.get(large.archive) == packed({"a.yaml": "a: large"})
    assert (case.fetching.kept(plain, FIRST), case.fetching.kept(wanting, FIRST)) == (small, large)
    assert case.fetching.kept(wanting.model_copy(update={"reader": "abc"}), FIRST) is None


def test_a_signature_is_asked_for_once_with_the_same_keys() -> None:
    case = Case()
    case.held.signatures[FIRST] = Signature("good", "A" * 16, "RSA")
    asked = FetchRequest(url=URL, revision="main", keys={"A" * 16: "armored"})
    for _ in range(2):
        assert case.fetching.signature(asked, FIRST) == Verdict("good", "A" * 16, "RSA")
    assert case.repository.verified == [FIRST]
    assert case.fetching.signature(asked.model_copy(update={"keys": {}}), FIRST).result == "invalid"


def test_the_signature_of_a_tag_is_the_tag_s_own() -> None:
    case = Case()
    case.held.refs[2] = Ref("refs/tags/v1.2.0", SECOND, object="f" * 40)
    case.held.signatures |= {SECOND: Signature("bad"), "f" * 40: Signature("unknown")}
    for revision, result in (("v1.2.0", "unknown"), (SECOND, "bad"), ("1.*", "unknown")):
        asked = FetchRequest(url=URL, revision=revision, keys={})
        assert case.fetching.signature(asked, SECOND).result == result


def test_a_tag_that_is_made_again_for_the_same_commit_is_looked_at_again() -> None:
    case = Case()
    asked = FetchRequest(url=URL, revision="v1.2.0", keys={"A" * 16: "armored"})
    case.held.refs[2] = Ref("refs/tags/v1.2.0", SECOND, object="e" * 40)
    assert case.fetching.signature(asked, SECOND).result == ""
    case.held.refs[2] = Ref("refs/tags/v1.2.0", SECOND, object="f" * 40)
    case.held.signatures["f" * 40] = Signature("good", "A" * 16, "RSA")
    for _ in range(2):
        assert case.fetching.signature(asked, SECOND).result == "good"
    assert case.repository.verified == ["e" * 40, "f" * 40]


def test_a_secret_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="argocd/gone"):
        Case().fetch(credentials={"namespace": "argocd", "name": "gone"})


def test_a_password_in_an_address_is_refused_and_not_told() -> None:
    request = read({"url": "https://bot:hunter2@example.com/a.git"})
    with pytest.raises(InvalidObject, match="put it into a Secret") as refusal:
        Case().fetching.fetch(request)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize("body", [{}, {"url": 1}, {"url": URL, "credentials": {"name": "x"}}])
def test_a_request_that_is_none(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidObject):
        read(body)


def test_a_file_at_an_address_becomes_an_archive() -> None:
    case = Case()
    request = read({"url": FILE, "file": True})
    fetched = case.fetching.fetch(request)
    assert (fetched.commit, fetched.files, fetched.size) == ("", 1, 5)
    assert case.blobs.get(fetched.archive) == packed({"prod.yaml": "a: 1\n"})
    assert case.fetching.fetch(request) == fetched
    assert case.downloads.asked == [FILE, FILE], "nothing says when it changes"


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("ftp://example.com/a", Unsupported),
        ("file:///etc/passwd", Unsupported),
        ("https://example.com/no", NotFound),
        ("https://bot:pw@example.com/a", InvalidObject),
    ],
)
def test_a_file_that_is_not_fetched(url: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as refusal:
        Case().fetching.fetch(read({"url": url, "file": True}))
    assert "pw" not in str(refusal.value)
