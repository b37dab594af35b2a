"""A trigger source of type `git`: a file of a commit.

Argo clones into `cloneDirectory`; here the commit alone is fetched, into no folder, and the file taken from its archive,
also through links inside of the repository. On purpose different: without branch, tag and ref it is the repository's HEAD,
not a branch `master`; of a `remote` the first address is fetched, and `url` is not.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from argosy.adapters.artifacts.web import MOST_BYTES
from argosy.errors import Denied, EvaluationError, NotFound
from argosy.ports.brokers import SecretOf
from argosy.ports.repository import Credentials, GithubApp, Ref
from argosy.resources.artifacts import GitArtifact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from argosy.adapters.artifacts import SourceArtifacts

__all__ = ["GitReader", "file_of"]

_LINKS: Final = 40


class GitReader:
    """Reads files of repositories."""

    def __init__(self, artifacts: SourceArtifacts) -> None:
        self._repository = artifacts.repository

    def read(self, artifact: GitArtifact, namespace: str, secret: SecretOf) -> bytes:
        """The file's content. Raises as `Artifacts.read`."""
        del namespace
        credentials = _credentials(artifact, secret)
        commit = _commit(artifact, self._repository.refs(artifact.address, credentials))
        taken = self._repository.snapshot(artifact.address, commit, credentials, alone=True)
        return file_of(taken.archive, artifact.file_path)


def _credentials(artifact: GitArtifact, secret: SecretOf) -> Credentials:
    if artifact.creds is not None:
        # A token alone is taken for whatever user.
        return Credentials(secret(artifact.creds.username) or "git", secret(artifact.creds.password))
    app = artifact.github_app
    if app is not None:
        host = urlsplit(artifact.address).hostname or ""
        base = "" if host == "github.com" else f"https://{host}/api/v3"
        known = GithubApp(str(app.app_id), str(app.installation_id), secret(app.private_key), base)
        return Credentials(app=known)
    if artifact.ssh_key_secret is not None:
        key = secret(artifact.ssh_key_secret)
        return Credentials(ssh_key=key, any_host_key=artifact.insecure_ignore_host_key)
    return Credentials()


def _commit(artifact: GitArtifact, refs: Sequence[Ref]) -> str:
    known = {ref.name: ref for ref in refs}
    name = artifact.ref or (
        f"refs/tags/{artifact.tag}" if artifact.tag else f"refs/heads/{artifact.branch}" if artifact.branch else "HEAD"
    )
    found = known.get(name)
    if found is not None and found.target:
        found = known.get(found.target)
    if found is None:
        raise NotFound(f"the repository has no {name}")
    return found.hash


def file_of(archive: bytes, path: str) -> bytes:
    """A file of a `Snapshot`'s archive. Raises Denied for a path that leads out, NotFound, EvaluationError."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        members = {member.name: member for member in tar}
        name = _inside("", path.lstrip("/"), path)
        for _ in range(_LINKS):
            link = next((part for part in _parts(name) if part in members and members[part].issym()), None)
            if link is None:
                break
            target = _inside(posixpath.dirname(link), members[link].linkname, path)
            name = _inside("", target + name[len(link) :], path)
        member = members.get(name)
        content = tar.extractfile(member) if member is not None and member.isreg() else None
        if member is None or content is None:
            raise NotFound(f"the commit has no file {path!r}")
        if member.size > MOST_BYTES:
            raise EvaluationError(f"{path!r} has more than {MOST_BYTES} bytes")
        return content.read()


def _parts(name: str) -> list[str]:
    """The folders that lead to a name, and itself."""
    parts = name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _inside(folder: str, name: str, asked: str) -> str:
    joined = posixpath.normpath(posixpath.join(folder, name))
    if joined.startswith(("/", "../")) or joined == "..":
        raise Denied(f"{asked!r} leads out of the repository")
    return joined
