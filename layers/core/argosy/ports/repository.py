"""Repository port: a remote Git repository, asked for what it has and for one commit of it.

Git over HTTPS in the functions, and over files too in the embedded runtime. Nothing here keeps anything: whoever calls keeps
what it got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Credentials", "Ref", "Repository", "Snapshot"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who asks; for a token the user is whatever the host wants. The password shows in no text."""

    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference by its full name: the hash it stands for, or for HEAD the name of another."""

    name: str
    hash: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of a commit: a tar archive packed with gzip, the same bytes for the same files.

    A submodule is an empty folder in it and named in `submodules`; Git LFS pointers stay pointers.
    """

    archive: bytes
    files: int
    size: int
    submodules: Sequence[str] = ()


class Repository(Protocol):
    """All calls raise Denied (credentials, address), NotFound, InvalidObject (address), EvaluationError (too large, or
    broken) or Unavailable, and none tells a credential in its text."""

    def refs(self, url: str, credentials: Credentials) -> Sequence[Ref]:
        """Branches, tags and HEAD; an annotated tag with the commit that it stands for."""
        ...

    def snapshot(self, url: str, commit: str, credentials: Credentials) -> Snapshot:
        """The files of a commit, given by its whole hash."""
        ...
