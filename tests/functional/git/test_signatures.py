"""Signatures of commits and tags from git's own server, of keys made here and by GnuPG."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.adapters.git.repository import GitRepository
from argosy.adapters.git.signatures import verified
from argosy.errors import EvaluationError
from argosy.ports.repository import Signature
from contracts.repository import NOBODY
from support.gitserver import GitServer, Repo, serving
from support.gpg import Key, put

NO_KEY = "gpg: Can't check signature: No public key"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def repo(server: GitServer) -> Repo:
    made = Repo(server.root / "app")
    made.commit({"a.yaml": "a: 1"})
    return made


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


def found(server: GitServer, commit: str, keys: list[Key], tag: str = "") -> Signature:
    known = {str(number): one.public for number, one in enumerate(keys)}
    return GitRepository().signature(server.url("app"), commit, NOBODY, known, tag)


def test_a_commit(server: GitServer, repo: Repo, key: Key) -> None:
    commit = key.commit(repo)
    good = found(server, commit, [Key(), key])
    assert (good.result, good.cipher, len(good.key), good.key) == ("good", "EDDSA", 16, good.key.upper())
    assert found(server, commit, [Key()]) == Signature("invalid", good.key, "EDDSA", NO_KEY)
    assert found(server, commit, []) == Signature("invalid", good.key, "EDDSA", NO_KEY)


def test_a_commit_that_was_changed(server: GitServer, repo: Repo, key: Key) -> None:
    commit = key.commit(repo, b"and more\n")
    assert found(server, commit, [key]).result == "bad"


def test_a_tag(server: GitServer, repo: Repo, key: Key) -> None:
    commit = repo.git("rev-parse", "HEAD")
    tag = key.tag(repo, "v1", commit)
    assert found(server, commit, [key], tag).result == "good"
    assert found(server, commit, [key]) == Signature()
    other = repo.commit({"b": "1"})
    with pytest.raises(EvaluationError, match="another commit"):
        found(server, other, [key], tag)


def test_which_tags_are_told(server: GitServer, repo: Repo, key: Key) -> None:
    commit = repo.git("rev-parse", "HEAD")
    tag = key.tag(repo, "v1", commit)
    repo.git("tag", "light")
    told = {one.name: (one.hash, one.object) for one in GitRepository().refs(server.url("app"), NOBODY)}
    assert (told["refs/tags/v1"], told["refs/tags/light"]) == ((commit, tag), (commit, ""))


def test_a_commit_that_is_signed_in_another_way(server: GitServer, repo: Repo, key: Key) -> None:
    plain = repo.git("cat-file", "commit", "HEAD").encode() + b"\n"
    commit = put(repo, plain, b"-----BEGIN SIGNED MESSAGE-----\nx\n-----END SIGNED MESSAGE-----")
    assert found(server, commit, [key]).result == "unknown"


@pytest.mark.parametrize(
    "signature",
    [b"-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n", b"-----BEGIN PGP SIGNATURE-----\nnone"],
)
def test_what_is_no_signature_of_openpgp(signature: bytes, key: Key) -> None:
    assert verified(b"x", signature, {"k": key.public}).result == "unknown"


def test_what_is_no_key_counts_for_nothing(key: Key) -> None:
    signature = key.sign(b"x")
    keys = {"none": "x", "broken": key.public[:100], "good": key.public}
    assert verified(b"x", signature, keys).result == "good"
    assert verified(b"x", signature, {"none": ""}).message == NO_KEY
    assert verified(b"y", signature, keys).message == "Signature verification failed: no valid signatures found."


def test_of_gnupg() -> None:
    """A signature and a key that `gpg` has made; the name of the key is the one that it prints."""
    data = Path(__file__).parent / "data"
    content, signature, public = ((data / f"gnupg.{name}").read_bytes() for name in ("txt", "sig", "key"))
    good = verified(content, signature, {"k": public.decode()})
    assert good == Signature("good", (data / "gnupg.id").read_text().strip(), "RSA")
