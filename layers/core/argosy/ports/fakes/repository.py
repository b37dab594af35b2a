"""Repositories in memory."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from argosy.errors import Denied, NotFound, Unavailable
from argosy.ports.repository import Credentials, Ref, Signature, Snapshot

__all__ = ["FakeRepository", "Held", "packed"]


@dataclass
class Held:
    """One repository: references, and the files of each commit.

    `password` is what it asks for, "" for nothing; one that is `down` does not answer. `submodules` has for a commit the
    address and commit of each by its path, `large` the content for files that are pointers. `signatures` are by the hash
    of a commit or a tag, and good with the keys that are given.
    """

    refs: list[Ref] = field(default_factory=list)
    commits: dict[str, Mapping[str, str]] = field(default_factory=dict)
    password: str = ""
    down: bool = False
    submodules: dict[str, Mapping[str, tuple[str, str]]] = field(default_factory=dict)
    large: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, Signature] = field(default_factory=dict)


class FakeRepository:
    """Holds repositories by address; `asked` are the snapshots that were taken, `verified` what signatures were asked of."""

    def __init__(self, held: Mapping[str, Held]) -> None:
        self._held = held
        self.asked: list[tuple[str, str]] = []
        self.verified: list[str] = []

    def refs(self, url: str, credentials: Credentials) -> Sequence[Ref]:
        """See `Repository.refs`."""
        return list(self._found(url, credentials).refs)

    def snapshot(self, url: str, commit: str, credentials: Credentials, *, alone: bool = False) -> Snapshot:
        """See `Repository.snapshot`."""
        held = self._found(url, credentials)
        if commit not in held.commits:
            raise NotFound(f"repository {url}: commit {commit}")
        files = dict(held.commits[commit])
        modules = held.submodules.get(commit, {})
        more = {name: held.large[text] for name, text in files.items() if credentials.lfs and text in held.large}
        for path, (below, inner) in modules.items():
            more |= {f"{path}/{name}": text for name, text in self._found(below, credentials).commits[inner].items()}
        files |= {} if alone else more
        self.asked.append((url, commit))
        size = sum(len(text.encode()) for text in files.values())
        return Snapshot(packed(files), len(files), size, list(modules) if alone else [], bool(more) and not alone)

    def signature(
        self, url: str, commit: str, credentials: Credentials, keys: Mapping[str, str], tag: str = ""
    ) -> Signature:
        """See `Repository.signature`."""
        found = self._found(url, credentials).signatures.get(tag or commit, Signature())
        self.verified.append(tag or commit)
        return found if found.result != "good" or found.key in keys else replace(found, result="invalid")

    def _found(self, url: str, credentials: Credentials) -> Held:
        found = self._held.get(url)
        if found is None:
            raise NotFound(f"repository {url}")
        if found.down:
            raise Unavailable(f"repository {url} does not answer")
        if found.password and credentials.password != found.password:
            raise Denied(f"repository {url}: the credentials are refused")
        return found


def packed(files: Mapping[str, str]) -> bytes:
    """Files as the archive of a `Snapshot`."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for name in sorted(files):
            info = tarfile.TarInfo(name)
            info.size = len(files[name].encode())
            tar.addfile(info, io.BytesIO(files[name].encode()))
    return gzip.compress(raw.getvalue(), 1, mtime=0)
