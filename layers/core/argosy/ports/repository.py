"""Repository port: a remote Git repository, asked for what it has and for one commit of it.

Git over HTTPS in the functions, and over files too in the embedded runtime. Nothing here keeps anything: whoever calls keeps
what it got.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Credentials", "GithubApp", "Ref", "Repository", "Signature", "Snapshot"]


@dataclass(frozen=True, slots=True)
class GithubApp:
    """An App at GitHub, which acts as one of its installations ("" = that of the repository's owner).

    `key` is its private key in PEM form; `api` the address of an Enterprise server's API, "" = GitHub's own.
    """

    id: str
    installation: str
    key: str = field(repr=False)
    api: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks, and how; for a token the user is whatever the host wants, a `bearer` token has none. Nothing secret shows in
    texts.

    `ssh_key` (a private key in OpenSSH's or PEM form), `any_host_key` (hosts are not checked) and `known_hosts` (their keys,
    "" = those that this machine knows) are for addresses of SSH; `app` gives a password when one is needed;
    for TLS are `client_cert` and `client_key`, `insecure` (certificates are not checked) and `ca` (those that are trusted
    instead of the system's), all in PEM form; for charts `oci` (the address is that of a registry) and `plain_http` (the
    registry speaks no TLS). `lfs`: the content of Git LFS's pointers is wanted.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    ssh_key: str = field(default="", repr=False)
    any_host_key: bool = False
    client_cert: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    insecure: bool = False
    ca: str = field(default="", repr=False)
    oci: bool = False
    plain_http: bool = False
    known_hosts: str = field(default="", repr=False)
    app: GithubApp | None = None
    lfs: bool = False

    @property
    def secret(self) -> bool:
        """Whether there is anything in it that nobody else may see."""
        return bool(self.password or self.bearer or self.ssh_key or self.client_key or self.app)


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference by its full name: the hash it stands for, or for HEAD the name of another.

    `object` is the hash of an annotated tag itself, "" for all else.
    """

    name: str
    hash: str = ""
    target: str = ""
    object: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """What the signature of a commit or a tag is worth.

    `result`: `good`, `bad` (not of this content), `invalid` (of a key that is not known), `unknown` (not to be told), "" for
    none. `key`: the last 16 digits of the fingerprint of the key that has made it; `cipher`: that key's kind.
    """

    result: str = ""
    key: str = ""
    cipher: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a commit: a tar archive packed with gzip, the same bytes for the same files.

    `submodules` are empty folders, for nobody has told where they are from. `joined`: there are files of other repositories
    among these, or large files, which are for nobody but who may read those, too.
    """

    archive: bytes
    files: int
    size: int
    submodules: Sequence[str] = ()
    joined: bool = False


class Repository(Protocol):
    """All calls raise Denied (credentials, address), NotFound, InvalidObject (address), EvaluationError (too large, or
    broken) or Unavailable, and none tells a credential in its text."""

    def refs(self, url: str, credentials: Credentials) -> Sequence[Ref]:
        """Branches, tags and HEAD; an annotated tag with the commit that it stands for."""
        ...

    def signature(
        self, url: str, commit: str, credentials: Credentials, keys: Mapping[str, str], tag: str = ""
    ) -> Signature:
        """The signature of a commit, or of an annotated tag of it by that one's own hash; `keys` are armored, by name.

        Raises EvaluationError for a tag of another commit.
        """
        ...

    def snapshot(self, url: str, commit: str, credentials: Credentials, *, alone: bool = False) -> Snapshot:
        """The files of a commit, given by its whole hash, and, unless `alone`, of its submodules and its large files.

        Credentials count for submodules at the same host; the errors are those of any of them, and name its path.
        """
        ...
