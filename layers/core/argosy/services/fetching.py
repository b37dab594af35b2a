"""Fetching: a repository's address and a revision become a commit, and its files an archive kept as a blob.

In: a `FetchRequest`; out: `Fetched`, and two blobs below `fetch/<repository>/<commit>/`: the archive, and a summary that is
written last. A commit's files never change, so what is there is not fetched again. Called by `functions/fetch` and, in one
process, by the embedded runtime. Matches what `runRepoOperation` of `reposerver/repository/repository.go` does before it
renders, in Argo CD 3.6; a working copy that is used again and again is not kept here.

On purpose different: submodules are named and not fetched (a path in one is refused when it is rendered), Git LFS pointers
stay pointers, and the beginning of a commit's hash means nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from argosy.errors import InvalidObject, NotFound
from argosy.gitops.revisions import Reference, is_commit, normalised, resolve
from argosy.ports.blobs import Blobs
from argosy.ports.repository import Credentials, Repository
from argosy.ports.secrets import Secrets
from argosy.resources.base import Model, parse
from argosy.resources.manifests import Manifest
from argosy.services import summaries

__all__ = ["FetchRequest", "Fetched", "Fetching", "read"]


class SecretRef(Model):
    """A Secret with the keys `username` and `password`, as Argo's repository Secrets have them."""

    namespace: str
    name: str


class FetchRequest(Model):
    """`revision` is a branch, a tag, a constraint on tags, a commit, or "" for HEAD."""

    url: str
    revision: str = ""
    tag_prefix: str = ""
    credentials: SecretRef | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The commit, and where its files lie: `archive` is a blob of `size` unpacked bytes, `digest` the blob's SHA-256."""

    commit: str
    archive: str
    digest: str
    files: int
    size: int
    submodules: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For answers and for the summary."""
        return asdict(self) | {"submodules": list(self.submodules)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Fetched:
        """The inverse. Raises TypeError or KeyError for anything else."""
        return cls(**{**body, "submodules": tuple(body["submodules"])})


def read(body: Mapping[str, Any]) -> FetchRequest:
    """Read a request. Raises InvalidObject that names the first wrong field."""
    return parse(FetchRequest, Manifest(body))


class Fetching:
    """Fetches commits."""

    def __init__(self, blobs: Blobs, repository: Repository, secrets: Secrets) -> None:
        self._blobs, self._repository, self._secrets = blobs, repository, secrets

    def fetch(self, request: FetchRequest) -> Fetched:
        """Fetch a revision's files, unless they are there. Raises what `Repository` does, and NotFound for the revision."""
        _check_address(request.url)
        credentials = self._credentials(request)
        commit = self.resolve(request, credentials)
        repository = hashlib.sha256(normalised(request.url).encode()).hexdigest()[:32]
        place = f"fetch/{repository}/{commit}"
        known = summaries.known(self._blobs, place, Fetched.from_json)
        if known is not None:
            return known
        taken = self._repository.snapshot(request.url, commit, credentials)
        digest = hashlib.sha256(taken.archive).hexdigest()
        fetched = Fetched(
            commit, f"{place}/{digest[:16]}.tar.gz", digest, taken.files, taken.size, tuple(taken.submodules)
        )
        self._blobs.put(fetched.archive, taken.archive)
        summaries.keep(self._blobs, place, fetched.as_json())
        return fetched

    def resolve(self, request: FetchRequest, credentials: Credentials | None = None) -> str:
        """The commit of a revision. Raises NotFound, and what `Repository.refs` raises.

        The repository is asked even for a whole hash: what one user has fetched is no other's who may not read it.
        """
        given = credentials if credentials is not None else self._credentials(request)
        refs = [Reference(one.name, one.hash, one.target) for one in self._repository.refs(request.url, given)]
        commit = resolve(request.revision, refs, request.tag_prefix)
        if not is_commit(commit):
            raise NotFound(f"{request.revision!r} is no branch or tag; of a commit the whole hash is needed")
        return commit

    def _credentials(self, request: FetchRequest) -> Credentials:
        if request.credentials is None:
            return Credentials()
        where = request.credentials
        password = self._secrets.secret(where.namespace, where.name, "password")
        try:
            return Credentials(self._secrets.secret(where.namespace, where.name, "username"), password)
        except NotFound:
            return Credentials("git", password)  # a token of a host that does not look at the user


def _check_address(url: str) -> None:
    """A password in an address would stand in every log and status that names the repository."""
    before, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    if at and ":" in before:
        raise InvalidObject("the address holds a password; put it into a Secret and name that", field="url")
