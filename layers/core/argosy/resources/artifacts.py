"""Where a `k8s` or `argoWorkflow` trigger has its object from: `source` of the trigger, and its rules.

Follows `ArtifactLocation` of `pkg/apis/events/v1alpha1/sensor_types.go`, Argo Events 1.9, which looks at none of it before a
trigger fires; what can never be read is told here when the Sensor is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field

from argosy.resources.base import KeyRef, Model, Problem

__all__ = [
    "OUTSIDE",
    "ArtifactSource",
    "FileArtifact",
    "GitArtifact",
    "S3Artifact",
    "UrlArtifact",
    "check_source",
    "first_of",
]

_ORDER: Final = ("s3", "inline", "file", "url", "git", "configmap", "resource")
OUTSIDE: Final = ("s3", "file", "url", "git")
"""Those that are fetched, by whoever carries the firing out."""


class FileArtifact(Model):
    """`file`: a file of the pod's, in Argo; here of the installation's folder for the namespace."""

    path: str = ""


class UrlArtifact(Model):
    """`url`: what a GET of `path`, a URL, is answered."""

    path: str = ""
    verify_cert: bool | None = None


class GitCredentials(Model):
    """`creds`."""

    username: KeyRef | None = None
    password: KeyRef | None = None


class GitRemote(Model):
    """`remote`: where to fetch from in place of `url`; the first of the addresses counts."""

    name: str = ""
    urls: list[str] = []


class GitHubApp(Model):
    """`githubApp`."""

    app_id: int = Field(0, alias="appID")
    installation_id: int = Field(0, alias="installationID")
    private_key: KeyRef | None = None


class GitArtifact(Model):
    """`git`: a file of a commit; of `ref`, `tag` and `branch` the first counts, without them HEAD."""

    url: str = ""
    file_path: str = ""
    clone_directory: str = ""
    branch: str = ""
    tag: str = ""
    ref: str = ""
    creds: GitCredentials | None = None
    ssh_key_secret: KeyRef | None = None
    insecure_ignore_host_key: bool = False
    github_app: GitHubApp | None = None
    remote: GitRemote | None = None

    @property
    def address(self) -> str:
        """Where the commit is fetched from."""
        return self.remote.urls[0] if self.remote is not None and self.remote.urls else self.url


class S3Bucket(Model):
    """`bucket`: its name, and the key of the object."""

    name: str = ""
    key: str = ""


class S3Artifact(Model):
    """`s3`: an object at `endpoint`, a host with or without a port."""

    endpoint: str = ""
    bucket: S3Bucket = S3Bucket()
    region: str = ""
    insecure: bool = False
    access_key: KeyRef | None = None
    secret_key: KeyRef | None = None
    ca_certificate: KeyRef | None = None


class ArtifactSource(Model):
    """`source` of a resource trigger; the first given of Argo's order is used."""

    s3: S3Artifact | None = None
    inline: str | None = None
    file: FileArtifact | None = None
    url: UrlArtifact | None = None
    git: GitArtifact | None = None
    configmap: KeyRef | None = None
    resource: dict[str, Any] | None = None


def first_of(source: ArtifactSource) -> str:
    """The kind of source that counts, "" when there is none."""
    return next((name for name in _ORDER if getattr(source, name) is not None), "")


def check_source(source: ArtifactSource, path: str) -> Iterator[Problem]:
    """What can never be read; `path` leads to the source."""
    kind = first_of(source)
    match getattr(source, kind, None):
        case KeyRef(name=name, key=key) if not (name and key):
            yield Problem(f"{path}.configmap", "needs name and key", True)
        case FileArtifact(path=""):
            yield Problem(f"{path}.file.path", "required, but empty", True)
        case UrlArtifact(path=url) if not url.startswith(("http://", "https://")):
            yield Problem(f"{path}.url.path", f"{url!r} is no http or https URL", True)
        case GitArtifact() as git:
            yield from _git(git, f"{path}.git")
        case S3Artifact() as s3:
            yield from _s3(s3, f"{path}.s3")


def _git(git: GitArtifact, path: str) -> Iterator[Problem]:
    if not git.address:
        yield Problem(f"{path}.url", "required, but empty", True)
    if not git.file_path:
        yield Problem(f"{path}.filePath", "required, but empty", True)
    if git.github_app is not None and git.github_app.private_key is None:
        yield Problem(f"{path}.githubApp.privateKey", "required, but missing", True)


def _s3(s3: S3Artifact, path: str) -> Iterator[Problem]:
    for name, value in (("endpoint", s3.endpoint), ("bucket.name", s3.bucket.name), ("bucket.key", s3.bucket.key)):
        if not value:
            yield Problem(f"{path}.{name}", "required, but empty", True)
    for name, ref in (("accessKey", s3.access_key), ("secretKey", s3.secret_key)):
        if ref is None:
            yield Problem(f"{path}.{name}", "required, but missing", True)
